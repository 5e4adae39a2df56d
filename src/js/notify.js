// Calls the caller's own functions. Their exceptions must not become failures of this package.

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

// Prints to the console, which tests and frameworks may have replaced with one that throws.
export function say(level, ...words) {
  try {
    console[level](...words);
  } catch {
    // A failure to print must not change anything else.
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

// Resolves with {key}, or with nothing after `ms`. Rejects with what the function throws, or when the call ends first. `refused`: the key that the
// function returned before for this call and that the server answered with 401, or null.
export function askKey(give, cancel, ms, refused) {
  const { done, wake } = cancel.nap(ms);
  const asked = (async () => ({ key: checked(await give({ refused })) }))();
  return Promise.race([asked, done]).finally(wake);
}

// A Response that isn't ok counts as a failure of the function: it contains no key.
function checked(key) {
  if (!(key?.status >= 400)) return key;
  discard(key);
  throw new TypeError(`the key function gave a response with status ${key.status}`);
}
