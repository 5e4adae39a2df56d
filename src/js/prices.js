// Live prices: the catalogue is read once for all calls that want it at a time.

import { Call } from "./call.js";
import { Cancel, resolvesAcrossRequests, timer } from "./cancel.js";
import { drive } from "./driver.js";
import { readBody } from "./fetch.js";
import { say } from "./notify.js";

const PATIENCE = 10_000; // ms that a catalogue may take
const LOOK = 50; // ms
const LARGEST = 16_777_216; // bytes of a catalogue that is read

// Resolves when prices are there or can't be had.
export function livePrices(client) {
  const under = client.loading;
  if (isUnderWay(under)) return resolvesAcrossRequests() ? under.done : comesTo(client, under);
  const loading = { began: performance.now() };
  loading.done = load(client).finally(() => {
    if (client.loading === loading) client.loading = undefined;
  });
  client.loading = loading;
  return loading.done;
}

const isUnderWay = (loading) => loading !== undefined && performance.now() - loading.began < PATIENCE;

// In workerd a promise belongs to the request that made it, and ends with it: the others look whether it has come to something.
async function comesTo(client, loading) {
  while (client.loading === loading && isUnderWay(loading)) await new Promise((resolve) => timer(resolve, LOOK));
  if (client.loading === loading) await livePrices(client);
}

async function load(client) {
  // A caller that waits for these prices may give up; others still want them.
  const cancel = new Cancel();
  cancel.startTotal(PATIENCE);
  try {
    const call = new Call(client, client.catalogue("", undefined, Date.now(), performance.now()), cancel);
    call.start();
    const sent = await drive(call, 0);
    const keep = (bytes) => client.keep_prices(bytes, Date.now(), performance.now());
    await cancel.race(client.load_prices(readBody(sent.response, cancel, call.idle, LARGEST), keep));
    sent.forget();
  } catch (error) {
    // Without a catalogue the price is unknown, which every reader can say; a trap is nobody's else to tell.
    if (error?.name === "HfetchError") say("error", "hfetch: live prices could not be read", error);
    client.keep_prices(undefined, Date.now(), performance.now());
  } finally {
    cancel.end("closed");
  }
}
