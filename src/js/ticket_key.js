// A key function for pages: it fetches a session ticket, and again only when that one is about to expire or was refused.

import { callable, refuse } from "./argument.js";
import { resolvesAcrossRequests } from "./cancel.js";
import { HfetchError } from "./error.js";
import { header } from "./fetch.js";
import { absolute } from "./options.js";

const EARLY = 30_000; // ms before a ticket expires, so that a call that begins with it still gets through
const PATIENCE = 30_000; // ms for the server to give a ticket, though the client's connect timeout may be longer
const SKEW = 5_000; // ms by which the visitor's clock may differ from the server's before it matters
const LOG_IN = "The visitor may have to log in again.";
const WORDS = 300; // characters of what a server said that an error repeats

// Gives the function for the client's `apiKey`. `init` is fetch's own: headers, credentials, method, body.
export function ticketKey(url, { fetch: given, ...init } = {}) {
  if (typeof url !== "string" && typeof url?.href !== "string") throw refuse("url", "must be the address that gives tickets, as a string or URL");
  callable("fetch", given);
  const address = absolute(String(url));
  let held; // {ticket, until}
  let asked; // the request under way, which parallel calls wait for where a promise may be waited for by others
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
  try {
    response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE), ...init });
    text = (await response.text()).trim();
  } catch (cause) {
    throw new HfetchError(`No ticket: ${address} could not be read`, { hint: "The page's own server must answer there, see cause.", cause });
  }
  const { status } = response;
  if (status < 200 || status > 299) {
    const hint = status === 401 || status === 403 ? LOG_IN : "The server that gives tickets must be looked at.";
    throw new HfetchError(`No ticket: ${address} answered ${status}${wordsIn(text)}`, { hint });
  }
  const ticket = ticketIn(text);
  // A page is what one is led to who is not logged in.
  if (ticket === "") throw new HfetchError(`No ticket: there is none in what ${address} answered${wordsIn(text)}`, { hint: LOG_IN });
  return { ticket, until: expiryOf(ticket, Date.parse(header(response, "date"))) };
}

// A ticket as text, as JSON text, or as JSON's member: one word, as a key has to be. What has more words is what a server says instead.
function ticketIn(text) {
  const value = /^["{[]/.test(text) ? json(text) : text.startsWith("<") ? "" : text;
  const ticket = String(value?.ticket ?? (typeof value === "string" ? value : "")).trim();
  return /[^!-~]/.test(ticket) ? "" : ticket;
}

// When a ticket is to be renewed, by what it says; one that says nothing is good for one call. It speaks of the server's time, which is `there`
// where the server said so: by a clock that is wrong each ticket would be over at once, or good for too long.
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

// What a server said, where it said it in words: a page of HTML is none. A ticket that stands among them is kept secret.
function wordsIn(text) {
  const value = json(text);
  const { error, message, detail } = value ?? {};
  const words = [error?.message, error, message, detail, value, text.startsWith("<") ? "" : text].find((value) => typeof value === "string");
  return words ? `: ${words.replace(/\bhft1\.[\w.-]*/g, "[redacted]").slice(0, WORDS)}` : "";
}
