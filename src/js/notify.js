// Calls into the caller's own functions, whose failures must not become ours.

import { discard } from "./fetch.js";

export function notify(hook, settlement) {
  if (typeof hook !== "function") return;
  try {
    const result = hook(settlement);
    result?.then?.(undefined, report);
  } catch (error) {
    report(error);
  }
}

// Tests and frameworks put consoles in place that throw.
export function say(level, ...words) {
  try {
    console[level](...words);
  } catch {
    // What is being said must not change what happens.
  }
}

function report(error) {
  say("error", "hfetch: onSettled failed", error);
}

const warned = new Set();

export function warnOnce(message) {
  if (warned.has(message)) return;
  warned.add(message);
  say("warn", message);
}

export function warnOfLoss(what) {
  say("warn", `hfetch: an internal fault lost ${what}; that begins anew`);
}

// Resolves with {key}, or with nothing after `ms`; rejects with what the function throws, or when the call ends first. `refused`: the key
// that it gave before for this call and that was answered with 401, or null.
export function askKey(give, cancel, ms, refused) {
  const { done, wake } = cancel.nap(ms);
  const asked = (async () => ({ key: checked(await give({ refused })) }))();
  return Promise.race([asked, done]).finally(wake);
}

// A refusal that the function hands on is its failure: there is no key in it.
function checked(key) {
  if (!(key?.status >= 400)) return key;
  discard(key);
  throw new TypeError(`the key function gave a response with status ${key.status}`);
}
