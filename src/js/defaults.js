// Options that a client sets for all of its calls. A call's own options override them.

import { refuse } from "./argument.js";
import { joinSignals } from "./options.js";

// Groups of options of which a call may set only a part; the client sets the rest.
const GROUPS = ["timeout", "retry", "headers"];
// Two names for the same timeout: either one in the call's options replaces both.
const TO_HEADERS = ["connect", "headers"];

const isPlain = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
// A Headers or a Map object keeps its entries elsewhere.
const membersOf = (group) => (typeof group.entries === "function" ? Object.fromEntries(group.entries()) : group);

/** The options of a call; those that it doesn't set are the client's. Signals are joined: either of them ends the call. */
export function over(defaults, own) {
  if (defaults === undefined || own === undefined || own === null) return own ?? defaults;
  if (typeof own !== "object") throw refuse("", "options must be an object");
  const named = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const merged = { ...defaults, ...named };
  for (const name of GROUPS) {
    const [under, given] = [grouped(name, defaults[name]), grouped(name, named[name])];
    // A copy is made even if there is nothing to join, so that the caller's later changes don't affect the client.
    if (isPlain(named[name]) || (isPlain(under) && isPlain(given))) merged[name] = { ...(isPlain(under) && without(name, membersOf(under), given)), ...membersOf(given) };
  }
  if ((named.retry === false || named.retry?.maxAttempts !== undefined) && named.maxRetries === undefined) delete merged.maxRetries;
  if (named.maxRetries !== undefined && named.retry === undefined) merged.retry = attemptsApart(merged.retry);
  const signal = joinSignals(defaults.signal, named.signal);
  // The signal is deleted if there is none: the core needn't read options that are otherwise empty.
  delete merged.signal;
  return signal === undefined ? merged : { ...merged, signal };
}

// A plain number is the time until the headers.
const grouped = (name, value) => (name === "timeout" && typeof value === "number" ? { headers: value } : value);

function without(name, under, given) {
  if (name !== "timeout" || !TO_HEADERS.some((key) => given[key] !== undefined)) return under;
  return Object.fromEntries(Object.entries(under).filter(([key]) => !TO_HEADERS.includes(key)));
}

function attemptsApart(retry) {
  if (!isPlain(retry)) return undefined;
  const { maxAttempts: _, ...rest } = retry;
  return rest;
}
