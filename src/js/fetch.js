// One attempt over the network, and whole bodies. Responses are recognised by their members and not by instanceof, since each realm has its own class.

import { isBytes, ownBytes } from "./bytes.js";
import { resolvesAcrossRequests, timer } from "./cancel.js";
import { HEADERS, headersOfFailure } from "./protocol.js";
import { LOOK, Turns } from "./turn.js";

export const REDIRECTS = 5;

// Sends the request of a step: {response, controller, forget}, {timedOut: true}, {ended: true} or {error}. Never rejects. One promise serves whatever comes first:
// racing several promises would be the most expensive part of a call.
export function sendRequest(client, cancel, { url, method, body, key, stream, headers, own, connect }, { brought, others, redirects, stays }) {
  const controller = new AbortController();
  const init = { ...others, method, headers: requestHeaders(client, body !== null, stream, key, headers, brought), signal: controller.signal };
  if (body !== null) init.body = body;
  // On a redirect, Workers of before September 2025 send the key to the new server, and every platform sends an X-Api-Key there.
  if (own || brought !== null || !resolvesAcrossRequests()) init.redirect = "manual";
  const fetchFunction = client.fetch;
  return new Promise((resolve) => {
    let over = false;
    const end = (outcome) => {
      over = true;
      alarm.clear();
      resolve(outcome);
    };
    const alarm = timer(() => {
      forget();
      end({ timedOut: true });
      controller.abort();
    }, connect);
    const forget = cancel.onEnd(() => {
      controller.abort(cancel.reason);
      if (!over) end({ ended: true });
    });
    if (over) return;
    const answered = (response) => (over ? discard(response) : end({ response, controller, forget }));
    const failed = (error) => {
      if (over) return;
      forget();
      end({ error });
    };
    follow(fetchFunction, url, init, redirects, stays).then(answered, failed);
  });
}

// The client's headers for this kind of request, with the key and the request's own headers. They are made once. The platform's fetch copies
// them and gets the same object each time; a caller's fetch function may change the object and gets a new one.
function requestHeaders(client, body, stream, key, extra, brought) {
  const number = (body ? 1 : 0) + (stream ? 2 : 0);
  const form = (client.forms[number] ??= { plain: client.headers(body, stream), key: null, signed: null });
  const shared = extra === null && brought === null && client.fetch === undefined;
  if (shared && key === null) return form.plain;
  if (shared && form.key === key) return form.signed;
  const headers = new Headers(form.plain);
  for (const [name, value] of [...(extra ?? []), ...(brought ?? [])]) headers.set(name, value);
  if (key !== null) headers.set("authorization", `Bearer ${key}`);
  if (shared) Object.assign(form, { key, signed: headers });
  return headers;
}

// The values of the headers that the core reads, one per line. A header that can't be read counts as absent.
export function head(response) {
  const wanted = response.status >= 200 && response.status < 300 ? HEADERS : headersOfFailure();
  let values = "";
  for (const name of wanted) values += `${header(response, name) ?? ""}\n`;
  return values;
}

// Follows redirects if the platform doesn't: only those that keep the method and the body, and only to URLs that `stays` allows. Any other
// redirect is returned as the answer.
export async function follow(fetchFunction, url, init, left, stays) {
  const response = await (fetchFunction === undefined ? fetch(url, init) : fetchFunction(url, init));
  // A page can't see where a redirect leads.
  if (response?.type === "opaqueredirect" && left > 0) throw new TypeError("the server redirects, and headers of your own are not sent to an unknown address: give the right one as baseURL");
  const keeps = /^(?:GET|HEAD)$/.test(init.method) ? [301, 302, 303, 307, 308] : [307, 308];
  const kept = init.redirect !== undefined && left > 0 && !isSentOnce(init.body) && keeps.includes(response?.status);
  const location = kept ? header(response, "location") : undefined;
  if (location === undefined) return checked(response);
  const { href, origin } = addressOf(location, url);
  if (origin !== new URL(url).origin || !stays(href)) return checked(response);
  discard(response);
  return follow(fetchFunction, href, init, left - 1, stays);
}

// Whether a body can be sent only once: a stream, or in Node an async iterable.
const isSentOnce = (body) => typeof (body?.getReader ?? body?.[Symbol.asyncIterator]) === "function";

// A Location that isn't a valid URL isn't followed.
function addressOf(location, url) {
  try {
    return new URL(location, url);
  } catch {
    return {};
  }
}

function checked(response) {
  if (response && typeof response.status === "number" && typeof response.headers?.get === "function") return response;
  discard(response);
  throw new TypeError("fetch resolved to something that is not a Response");
}

// Discards a body, since an unread body keeps its socket open. A locked or missing body needs nothing.
export function discard(response) {
  try {
    response?.body?.cancel?.().catch?.(() => {});
  } catch {
    // The body is locked, and its reader will end it.
  }
}

export function header(response, name) {
  try {
    const value = response.headers.get(name);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

// A body that can't be read, and that waiting wouldn't make readable. The error's `unreadable` says why.
export class Unreadable extends TypeError {
  constructor(problem) {
    super(problem);
    this.unreadable = problem;
  }
}

const NOT_BYTES = "the body gave something that is not bytes";

export const notBytes = () => new Unreadable(NOT_BYTES);
export const tooLarge = (limit) => new Unreadable(`the body is larger than ${limit} bytes`);

// An answer that is larger than the client accepts.
export class TooLarge extends Unreadable {
  constructor(limit) {
    super(`the body is larger than maxAnswerBytes (${limit})`);
  }
}

// Checks a body: null means no body, and anything else must be an unread stream of the platform's kind.
export function checkStream(body) {
  if (body?.locked === true) throw new Unreadable("the fetch function gave a response whose body is being read already: give it unread, or a clone() of it");
  if (body === null || typeof body?.getReader === "function") return;
  throw new Unreadable("the fetch function gave a response whose body has no getReader(): it must be a web ReadableStream, as the platform's fetch gives");
}

// Bytes: no engine can make a longer text of an answer, so a longer body is refused.
export const LONGEST = 2 ** 29;

// The whole body as bytes.
export async function readBody(response, cancel, idle, limit) {
  const parts = [];
  await readParts(response, cancel, idle, (part) => parts.push(part), limit);
  return join(parts);
}

// Passes the body to `take`, part by part. `idle` ms without a byte end the call with cause "idle".
export async function readParts(response, cancel, idle, take, limit) {
  const start = () => timer(() => cancel.end("idle", undefined, idle), idle);
  let alarm = start();
  let size = 0;
  const took = (bytes) => {
    size += bytes.byteLength;
    take(bytes);
    if (size > limit) throw new TooLarge(limit);
    // An empty part doesn't show that the server is still sending.
    if (bytes.byteLength === 0) return;
    alarm.clear();
    alarm = start();
  };
  try {
    await readAll(response, cancel, took);
  } finally {
    alarm.clear();
  }
}

async function readAll(response, cancel, take) {
  const body = response.body;
  if (typeof body?.getReader !== "function") {
    if (body === null) return;
    const read = ["arrayBuffer", "text"].find((name) => typeof response[name] === "function");
    if (read === undefined) checkStream(body);
    const bytes = await cancel.race(response[read]());
    take(typeof bytes === "string" ? new TextEncoder().encode(bytes) : new Uint8Array(bytes));
    return;
  }
  checkStream(body);
  const reader = body.getReader();
  const turns = new Turns();
  try {
    for (let reads = 1; ; reads++) {
      const turn = reads % LOOK === 0 ? turns.due() : undefined;
      if (turn !== undefined) await cancel.race(turn);
      const { value, done } = await cancel.race(reader.read());
      // The lock isn't released: it holds nothing at the end of a stream, and the first release takes 2 ms in Node.
      if (done) return;
      // A caller's own reader may return anything, without end.
      if (!isBytes(value)) throw notBytes();
      take(ownBytes(value));
    }
  } catch (error) {
    stopReading(reader);
    throw error;
  }
}

// A reader whose pending read ends when it is cancelled. The platform's reader does that; a caller's own reader may not.
export function openReader(body) {
  if (!body) return NOTHING;
  const reader = body.getReader();
  const { ReadableStreamDefaultReader: Platform } = globalThis;
  return Platform && reader instanceof Platform ? reader : new ForeignReader(reader);
}

const NOTHING = { read: async () => ({ done: true }), cancel() {}, releaseLock() {} };

class ForeignReader {
  #reader;
  #end = () => {};

  constructor(reader) {
    this.#reader = reader;
  }

  read() {
    return new Promise((resolve, reject) => {
      this.#end = () => resolve({ done: true });
      const given = async () => this.#reader.read();
      // The value is read inside the promise, so that a getter's exception counts as the read's failure.
      given().then((read) => resolve({ value: read?.value, done: read?.done ?? true })).catch(reject);
    });
  }

  cancel() {
    this.#end();
    return this.#reader.cancel();
  }

  releaseLock() {
    this.#reader.releaseLock();
  }
}

// Some cancel() functions return no promise.
function cancelReading(reader) {
  try {
    reader.cancel()?.catch?.(() => {});
  } catch {
    // If the reader can't be cancelled, it is left as it is.
  }
}

function release(reader) {
  try {
    reader.releaseLock();
  } catch {
    // Engines of before 2022 refuse to release a lock while a read is pending; cancel() has ended the read anyway.
  }
}

// Cancels a body. On a call's end this comes before its abort(), so that a pending read resolves instead of failing.
export function stopReading(reader) {
  cancelReading(reader);
  release(reader);
}

const LINGER = 100; // ms

// Leaves a body whose answer has come. It has to end at once then, and reading that end lets the connection be reused.
export function leave(reader) {
  const close = (read) => {
    alarm.clear();
    if (read?.done !== true) {
      stopReading(reader);
      return;
    }
    // Of the platform's stream that has ended a lock holds nothing: to give it back is a thirtieth of a small answer, and takes Node 2 ms
    // the first time.
    if (reader instanceof ForeignReader) release(reader);
  };
  const alarm = timer(close, LINGER);
  try {
    reader.read().then(close, close);
  } catch {
    close();
  }
}

export function join(parts) {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
