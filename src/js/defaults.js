// Options that a client has for each call, under the call's own.

import { refuse } from "./argument.js";
import { joinSignals } from "./options.js";

// Groups of which a call may set a part, as it may of its client's.
const GROUPS = ["timeout", "retry", "headers"];
// Two names of one time: what the call says under either replaces the other.
const TO_HEADERS = ["connect", "headers"];

const isPlain = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
// A Headers or a Map has its entries elsewhere.
const membersOf = (group) => (typeof group.entries === "function" ? Object.fromEntries(group.entries()) : group);

/** The options of a call, those that it doesn't name being the client's. Signals add up: either ends the call. */
export function over(defaults, own) {
  if (defaults === undefined || own === undefined || own === null) return own ?? defaults;
  if (typeof own !== "object") throw refuse("", "options must be an object");
  const named = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const merged = { ...defaults, ...named };
  for (const name of GROUPS) {
    const [under, given] = [grouped(name, defaults[name]), grouped(name, named[name])];
    // A copy even where there is nothing to be joined: what the caller does to it later is nothing to the client.
    if (isPlain(named[name]) || (isPlain(under) && isPlain(given))) merged[name] = { ...(isPlain(under) && without(name, membersOf(under), given)), ...membersOf(given) };
  }
  if ((named.retry === false || named.retry?.maxAttempts !== undefined) && named.maxRetries === undefined) delete merged.maxRetries;
  if (named.maxRetries !== undefined && named.retry === undefined) merged.retry = attemptsApart(merged.retry);
  const signal = joinSignals(defaults.signal, named.signal);
  // Absent where there is none: what has no option but that is nothing for the core to read.
  delete merged.signal;
  return signal === undefined ? merged : { ...merged, signal };
}

// A number is the time to the headers.
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
