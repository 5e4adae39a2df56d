// How a call begins and how it fails, whoever makes it.

import { Cancel } from "./cancel.js";
import { typed } from "./failure.js";

// A promise of the one settlement, which Rust resolves: once a store has all there is to store.
export function settlement() {
  let settle;
  const settled = new Promise((resolve) => {
    settle = (data, stored) => resolve(stored ? stored.then(() => data) : data);
  });
  return { settle, settled };
}

// Bad arguments throw here: nothing is sent, and nothing enters the ledger. `prepare` gives body, options and hooks.
export function open(client, kind, prepare, settle) {
  let cancel;
  try {
    const [text, data, hooks] = prepare();
    cancel = new Cancel(hooks.signal);
    const call = client[kind](text, data, hooks, cancel, settle);
    cancel.startTotal(call.total);
    return { call, cancel };
  } catch (error) {
    cancel?.release();
    settle(client.unsettled(kind));
    throw error;
  }
}

// The typed error of whatever ended a call, which is settled now at the latest.
export function fail(call, cancel, error) {
  const reported = typed(call, cancel, error);
  const { cause } = cancel;
  cancel.end("closed");
  call.close(cause === "abort" ? "aborted" : "error", null);
  return reported;
}

// A look into the catalogue, from its body on.
export async function catalogue(client, id, [data, hooks], read) {
  const cancel = new Cancel(hooks.signal);
  let call;
  try {
    call = client.models(id, data, cancel);
    cancel.startTotal(call.total);
    const exchange = await call.send(0);
    const answer = await read(call, cancel, exchange);
    exchange.forget();
    cancel.end("closed");
    return answer;
  } catch (error) {
    if (call === undefined) {
      cancel.release();
      throw error;
    }
    throw fail(call, cancel, error);
  }
}
