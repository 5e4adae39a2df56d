// Live prices: one request for the catalogue serves all calls that want prices at that time.

import { Call } from "./call.js";
import { Cancel, resolvesAcrossRequests, timer } from "./cancel.js";
import { drive } from "./driver.js";
import { readBody } from "./fetch.js";
import { say } from "./notify.js";

const PATIENCE = 10_000; // ms until a request for the catalogue is given up
const LOOK = 50; // ms
const LARGEST = 16_777_216; // bytes of the catalogue that are read at most

// Resolves when prices are available or can't be fetched.
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

// In workerd a promise belongs to the request that made it and ends with it. Other requests therefore check again and again whether the fetch has ended.
async function comesTo(client, loading) {
  while (client.loading === loading && isUnderWay(loading)) await new Promise((resolve) => timer(resolve, LOOK));
  if (client.loading === loading) await livePrices(client);
}

async function load(client) {
  // One caller may stop waiting for these prices while others still need them.
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
    // Without the catalogue the price is unknown, and every reader can deal with that. A trap has to be reported here, since nobody else does.
    if (error?.name === "HfetchError") say("error", "hfetch: live prices could not be read", error);
    client.keep_prices(undefined, Date.now(), performance.now());
  } finally {
    cancel.end("closed");
  }
}
