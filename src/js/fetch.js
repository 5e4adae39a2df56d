// One attempt over the wire, and whole bodies. Responses are used by shape, never by instanceof: realms differ.

import { isBytes, ownBytes } from "./bytes.js";
import { resolvesAcrossRequests, timer } from "./cancel.js";
import { HEADERS, headersOfFailure } from "./protocol.js";
import { LOOK, Turns } from "./turn.js";

export const REDIRECTS = 5;

// Sends what a step says: {response, controller, forget}, {timedOut: true}, {ended: true} or {error}; never rejects.
// One promise for whatever comes first: a race of several would be the dearest part of a call.
export function sendRequest(client, cancel, { url, method, body, key, stream, headers, own, connect }, { brought, others, redirects, stays }) {
  const controller = new AbortController();
  const init = { ...others, method, headers: requestHeaders(client, body !== null, stream, key, headers, brought), signal: controller.signal };
  if (body !== null) init.body = body;
  // Workers of before September 2025 send the key along to wherever a redirect leads, and every platform an X-Api-Key.
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

// The client's headers for this form of request, with the key and what the request brings. They are made once, and the
// platform's fetch, which copies them, is given the same object again; a caller's function may change what it is given.
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

// The headers that the core wants to know, a line each; one that can't be read is absent.
export function head(response) {
  const wanted = response.status >= 200 && response.status < 300 ? HEADERS : headersOfFailure();
  let values = "";
  for (const name of wanted) values += `${header(response, name) ?? ""}\n`;
  return values;
}

// Where redirects are not followed by the platform: those that keep the method and the body, to where `stays` lets them go. Others are
// the answer.
export async function follow(fetchFunction, url, init, left, stays) {
  const response = await (fetchFunction === undefined ? fetch(url, init) : fetchFunction(url, init));
  // A page isn't told where to.
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

// A stream, or in Node what gives parts one by one, is gone once it was sent.
const isSentOnce = (body) => typeof (body?.getReader ?? body?.[Symbol.asyncIterator]) === "function";

// An address that is none is followed by nobody.
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

// A body nobody reads keeps its socket; a locked or missing one is somebody else's.
export function discard(response) {
  try {
    response?.body?.cancel?.().catch?.(() => {});
  } catch {
    // Locked: its reader ends it.
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

// A body that no waiting would make better: its error says why, in `unreadable`.
export class Unreadable extends TypeError {
  constructor(problem) {
    super(problem);
    this.unreadable = problem;
  }
}

const NOT_BYTES = "the body gave something that is not bytes";

export const notBytes = () => new Unreadable(NOT_BYTES);
export const tooLarge = (limit) => new Unreadable(`the body is larger than ${limit} bytes`);

// An answer is larger than the client takes.
export class TooLarge extends Unreadable {
  constructor(limit) {
    super(`the body is larger than maxAnswerBytes (${limit})`);
  }
}

// Null is no body; anything else has to be a stream of the platform's kind that nobody reads.
export function checkStream(body) {
  if (body?.locked === true) throw new Unreadable("the fetch function gave a response whose body is being read already: give it unread, or a clone() of it");
  if (body === null || typeof body?.getReader === "function") return;
  throw new Unreadable("the fetch function gave a response whose body has no getReader(): it must be a web ReadableStream, as the platform's fetch gives");
}

// Bytes: no engine makes a longer text of an answer. Whoever sends more never ends.
export const LONGEST = 2 ** 29;

// The whole body as bytes.
export async function readBody(response, cancel, idle, limit) {
  const parts = [];
  await readParts(response, cancel, idle, (part) => parts.push(part), limit);
  return join(parts);
}

// Hands the body to `take` part by part, as it arrives. `idle` ms without a byte ends the call with cause "idle".
export async function readParts(response, cancel, idle, take, limit) {
  const start = () => timer(() => cancel.end("idle", undefined, idle), idle);
  let alarm = start();
  let size = 0;
  const took = (bytes) => {
    size += bytes.byteLength;
    take(bytes);
    if (size > limit) throw new TooLarge(limit);
    // What is empty is no sign of life.
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
      // Without giving back the lock, which holds nothing at the end of a stream: Node takes 2 ms for the first one given back.
      if (done) return;
      // A reader that is not the platform's may give anything, and never end.
      if (!isBytes(value)) throw notBytes();
      take(ownBytes(value));
    }
  } catch (error) {
    cancelReading(reader);
    release(reader);
    throw error;
  }
}

// A reader whose pending read ends when it is cancelled: the platform's does, one of a caller's making may not.
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
      // Read here: what throws is the read's failure.
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

// By shape: not every cancel() gives a promise.
export function cancelReading(reader) {
  try {
    reader.cancel()?.catch?.(() => {});
  } catch {
    // It is left all the same.
  }
}

export function release(reader) {
  try {
    reader.releaseLock();
  } catch {
    // Engines of before 2022 refuse while a read is pending; cancel() has ended it anyway.
  }
}

// Of the platform's stream that has ended a lock holds nothing: to give it back is a thirtieth of a small answer, and takes Node 2 ms
// the first time.
export function releaseEnded(reader) {
  if (reader instanceof ForeignReader) release(reader);
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
