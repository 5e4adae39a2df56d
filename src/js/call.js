// How a call begins and how it ends, whoever makes it.

import { Cancel } from "./cancel.js";
import { typed } from "./failure.js";
import { notify } from "./notify.js";
import { refuse } from "./options.js";

// A promise of the one settlement: once a store has all there is to store.
export function settlement() {
  let settle;
  const settled = new Promise((resolve) => {
    settle = (data, storing = []) => resolve(storing.length > 0 ? Promise.all(storing).then(() => data) : data);
  });
  return { settle, settled };
}

// A client's handle and the hook that only this side calls.
export const hooked = (client, { onSettled, fetch }) => Object.assign(client, { onSettled, fetch });

// Asked at each call: an older runtime may get its fetch after it has loaded this.
function checkFetch(client) {
  if (client.fetch === undefined && typeof fetch !== "function") throw refuse("fetch", "this runtime has none: give one as an option of the client");
}

// Bad arguments throw here: nothing is sent, and nothing enters the ledger. `prepare` gives body, options and hooks.
export function open(client, kind, prepare, settle) {
  let cancel;
  try {
    checkFetch(client);
    const [text, options, hooks] = prepare();
    cancel = new Cancel(hooks.signal);
    const storing = [];
    const call = client[kind](text, options, hooks, cancel, storing);
    call.settle = (given) => {
      const data = Object.assign(given ?? nothing(kind), { metadata: hooks.metadata });
      notify(client.onSettled, data);
      notify(hooks.onSettled, data);
      settle(data, storing);
    };
    know(call, cancel);
    return { call, cancel };
  } catch (error) {
    cancel?.release();
    settle(nothing(kind));
    throw error;
  }
}

// A handle with what is known of its call from the beginning, in one crossing.
function know(call, cancel) {
  Object.assign(call, call.facts());
  cancel.startTotal(call.total ?? undefined);
}

// The settlement of a call that never was one, or of which a trap left nothing to tell.
function nothing(kind) {
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, source: "estimated" };
  const cost = { usd: null, inputUsd: null, outputUsd: null, source: "unknown" };
  return {
    outcome: "error", finishReason: null, kind, model: "", provider: null, key: "", usage, cost,
    attempts: 0, requestId: null, startedAt: Date.now(), firstTokenMs: null, durationMs: 0,
  };
}

// Ends a call, the first time with its settlement. Whoever ends it well has untied the response before.
export function close(call, cancel, outcome, finishReason) {
  cancel.end("closed");
  const { settle } = call;
  // The hooks are let go: they may lead back to this call, which would keep it for ever.
  call.settle = undefined;
  if (settle !== undefined) settleWith(settle, () => call.close(outcome, finishReason), 1);
}

// What a trap was in the middle of is not tried again: the rest is.
function settleWith(settle, ask, tries) {
  let data;
  try {
    data = ask();
  } catch {
    if (tries > 0) settleWith(settle, ask, tries - 1);
    else settle(undefined);
    return;
  }
  if (typeof data.then !== "function") settle(data);
  else data.then(() => settleWith(settle, ask, 1));
}

// The typed error of whatever ended a call, which is settled now at the latest.
export function fail(call, cancel, error) {
  let reported;
  try {
    reported = typed(call, cancel, error);
  } catch (fault) {
    reported = fault;
  }
  close(call, cancel, cancel.cause === "abort" ? "aborted" : "error", null);
  return reported;
}

// A look into the catalogue, from its body on.
export async function catalogue(client, id, [data, hooks], read) {
  checkFetch(client);
  const cancel = new Cancel(hooks.signal);
  let call;
  try {
    call = client.models(id, data, cancel);
    know(call, cancel);
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
