// A key function for pages. It fetches a session ticket, and fetches another one only when that ticket is about to expire or was refused.

import { callable, refuse } from "./argument.js";
import { resolvesAcrossRequests, timer } from "./cancel.js";
import { HfetchError } from "./error.js";
import { header } from "./fetch.js";
import { absolute } from "./options.js";

const EARLY = 30_000; // ms before a ticket's expiry at which it is renewed, so that a call that begins with it is still accepted
const PATIENCE = 30_000; // ms for the server to send a ticket, even if the client's connect timeout is longer
const SKEW = 5_000; // ms of difference between the visitor's clock and the server's that are ignored
const LOG_IN = "The visitor may have to log in again.";
const WORDS = 300; // characters of a server's message that an error repeats

// Returns the function for the client's `apiKey`. `init` holds fetch's own options: headers, credentials, method, body.
export function ticketKey(url, { fetch: given, ...init } = {}) {
  if (typeof url !== "string" && typeof url?.href !== "string") throw refuse("url", "must be the address that gives tickets, as a string or URL");
  callable("fetch", given);
  const address = absolute(String(url));
  let held; // {ticket, until}
  let asked; // the running request; parallel calls share it if the platform allows that
  const ask = async () => {
    held = await request(given ?? globalThis.fetch, address, init);
    return held.ticket;
  };
  return async ({ refused } = {}) => {
    if (held !== undefined && held.ticket !== refused && Date.now() < held.until) return held.ticket;
    if (!resolvesAcrossRequests()) return ask();
    asked ??= ask().finally(() => (asked = undefined));
    return asked;
  };
}

async function request(fetch, address, init) {
  let response;
  let text;
  // AbortSignal.timeout would be shorter, but Chrome 96 and Firefox 92 have none.
  const late = new AbortController();
  const alarm = timer(() => late.abort(new DOMException(`There was no answer within ${PATIENCE} ms`, "TimeoutError")), PATIENCE);
  try {
    response = await fetch(address, { signal: late.signal, ...init });
    text = (await response.text()).trim();
  } catch (cause) {
    throw new HfetchError(`No ticket: ${address} could not be read`, { hint: "The page's own server must answer there, see cause.", cause });
  } finally {
    alarm.clear();
  }
  const { status } = response;
  if (status < 200 || status > 299) {
    const hint = status === 401 || status === 403 ? LOG_IN : "The server that gives tickets must be looked at.";
    throw new HfetchError(`No ticket: ${address} answered ${status}${wordsIn(text)}`, { hint });
  }
  const ticket = ticketIn(text);
  // A server often sends its login page to visitors who aren't logged in.
  if (ticket === "") throw new HfetchError(`No ticket: there is none in what ${address} answered${wordsIn(text)}`, { hint: LOG_IN });
  return { ticket, until: expiryOf(ticket, Date.parse(header(response, "date"))) };
}

// The ticket in a text, in JSON text, or in a member of a JSON object. A ticket is one word, like every key; several words are a message of the server.
function ticketIn(text) {
  const value = /^["{[]/.test(text) ? json(text) : text.startsWith("<") ? "" : text;
  const ticket = String(value?.ticket ?? (typeof value === "string" ? value : "")).trim();
  return /[^!-~]/.test(ticket) ? "" : ticket;
}

// When a ticket has to be renewed, according to the ticket. A ticket without an expiry is used for one call. Tickets use the server's time, which is `there`
// if the server sent it: the visitor's clock may be wrong, and a ticket would then seem expired at once or valid for too long.
function expiryOf(ticket, there) {
  const payload = /^hft1\.([\w-]+)\./.exec(ticket)?.[1];
  const expires = payload === undefined ? undefined : json(atobText(payload))?.expires;
  if (typeof expires !== "number") return 0;
  const now = Date.now();
  const left = expires - (Math.abs(there - now) > SKEW ? there : now);
  return now + left - Math.min(EARLY, left / 10);
}

function atobText(base64url) {
  try {
    return atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return "";
  }
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// The words of a server's message; a page of HTML is none. A ticket among them is removed.
function wordsIn(text) {
  const value = json(text);
  const { error, message, detail } = value ?? {};
  const words = [error?.message, error, message, detail, value, text.startsWith("<") ? "" : text].find((value) => typeof value === "string");
  return words ? `: ${words.replace(/\bhft1\.[\w.-]*/g, "[redacted]").slice(0, WORDS)}` : "";
}
