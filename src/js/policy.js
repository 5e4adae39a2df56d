// Limits, cost, retries and token estimates as functions and classes that work without a client.

import { number, refuse, text } from "./argument.js";
import { LimiterHandle, check_fields, cost_of, retry_delay_of, tokens_of_messages, tokens_of_text } from "./hfetch_bg.js";
import { MemoryStore } from "./memory_store.js";
import { warnOnce } from "./notify.js";
import { dataText } from "./options.js";

const LAST_TIME = 8.64e15; // the largest time of a Date

/** Holds an object against a table of the core's: a line for each field, with its name and what it must be. */
export const check = (given, table, path = "") => check_fields(dataText(given, path), path, table);

const time = (path, value) => number(path, value, { most: LAST_TIME });
const reservationNumber = (value) => number("reservation", value, { least: 1, most: Number.MAX_SAFE_INTEGER, whole: true });

// Reads each member of the caller's object once: its getters may throw.
function read(path, object, names) {
  if (object === null || typeof object !== "object") throw refuse(path, "must be an object");
  try {
    return names.map((name) => object[name] ?? undefined);
  } catch (cause) {
    throw refuse(path, "can't be read", cause);
  }
}

export const FREE_TIER = Object.freeze({ requestsPerMinute: 300, requestsPerMonth: 30_000 });

// Handles that fromJSON has made, keyed by the object passed as limits. A WeakMap is used and not instanceof, which a proxy may answer with an exception.
const restored = new WeakMap();

export class RateLimiter {
  #limiter;

  constructor(limits) {
    this.#limiter = restored.get(limits) ?? new LimiterHandle(dataText(limits, "limits"), false);
  }

  static fromJSON(state, limits) {
    return limiterOf(new LimiterHandle(dataText(limits, "limits"), true, dataText(state, "state")));
  }

  reserve(tokens, now) {
    const reservation = this.#limiter.reserve(number("tokens", tokens), time("now", now));
    return reservation > 0 ? { ok: true, reservation } : this.#limiter.tell(true);
  }

  settle(reservation, actualTokens, now) {
    this.#limiter.end(reservationNumber(reservation), number("actualTokens", actualTokens), time("now", now));
  }

  release(reservation) {
    this.#limiter.end(reservationNumber(reservation));
  }

  toJSON() {
    return this.#limiter.tell(false);
  }

  get [Symbol.toStringTag]() {
    return "RateLimiter";
  }
}

function limiterOf(handle) {
  const limits = {};
  restored.set(limits, handle);
  return new RateLimiter(limits);
}

export function cost(usage, pricing) {
  const [prompt, completion] = read("usage", usage, ["prompt_tokens", "completion_tokens"]);
  return cost_of(
    number("usage.prompt_tokens", prompt ?? 0),
    number("usage.completion_tokens", completion ?? 0),
    dataText(pricing, "pricing"),
    warnOnce,
  );
}

export function estimateTokens(input) {
  if (typeof input === "string") return tokens_of_text(input);
  if (!Array.isArray(input)) throw refuse("input", "must be a string or a list of messages");
  return input.length === 0 ? 0 : tokens_of_messages(dataText(input, "input"));
}

export function retryDelay(failure, policy) {
  const names = ["status", "headers", "body", "attempt", "random", "now"];
  const [status, headers, body, attempt, random, now] = read("failure", failure, names);
  return (
    retry_delay_of(
      status === undefined ? undefined : number("failure.status", status, { least: 100, most: 599, whole: true }),
      headerReader(headers),
      typeof body === "string" ? body : dataText(body, "failure.body"),
      number("failure.attempt", attempt, { least: 1, most: 0xffff_ffff, whole: true }),
      random === undefined ? Math.random() : number("failure.random", random, { most: 1 }),
      now === undefined ? Date.now() : time("failure.now", now),
      dataText(policy, "retry"),
    ) ?? null
  );
}

// Reads headers from a Headers object of any realm, or from a record whose names may be in any case.
function headerReader(headers) {
  if (headers === undefined) return () => undefined;
  if (typeof headers !== "object") throw refuse("failure.headers", "must be Headers or an object of headers");
  try {
    if (typeof headers.get === "function") return (name) => headers.get(name) ?? undefined;
    const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
    const record = new Map(entries);
    return (name) => record.get(name);
  } catch (cause) {
    throw refuse("failure.headers", "can't be read", cause);
  }
}

// Limits and budget in a Storage object, which all pages of an origin share. Each call reads, changes and writes it without interruption.
class StorageStore {
  #storage;
  #name;
  #store = new MemoryStore();
  #text = null; // the text in the storage when it and #store were last equal

  constructor(storage, name) {
    this.#storage = storage;
    this.#name = name;
  }

  async reserve(request) {
    const [parts, now] = read("request", request, ["parts", "now"]);
    if (!Array.isArray(parts)) throw refuse("parts", "must be a list");
    const text = dataText(parts, "parts");
    time("now", now);
    return this.#change(() => this.#store.reserve(text, now));
  }

  async settle(reservation, actual) {
    const [tokens, usd, now] = read("actual", actual, ["tokens", "usd", "now"]);
    const amounts = [number("tokens", tokens ?? 0), number("usd", usd ?? 0)];
    time("now", now);
    this.#change(() => this.#store.settle(String(reservation), ...amounts, now));
  }

  async release(reservation) {
    this.#change(() => this.#store.release(String(reservation)));
  }

  async renew(reservation, { now } = {}) {
    time("now", now);
    this.#change(() => this.#store.renew(String(reservation), now));
  }

  async block(scope, until) {
    this.#change(() => this.#store.block(String(scope), time("until", until)));
  }

  #change(act) {
    this.#load();
    let answer;
    try {
      answer = act();
    } catch (error) {
      // After a trap the state is undefined; the storage still holds the state from before.
      this.#store = new MemoryStore();
      this.#text = null;
      throw error;
    }
    this.#save();
    return answer;
  }

  #load() {
    let text;
    try {
      text = this.#storage.getItem(this.#name);
    } catch {
      text = this.#text;
    }
    if (text === this.#text) return;
    const store = new MemoryStore();
    if (text !== null && !store.restore(String(text))) {
      warnOnce(`hfetch: what the storage holds as "${this.#name}" is not a state of limits; it is replaced`);
      this.#text = text;
      return;
    }
    this.#store = store;
    this.#text = text;
  }

  // If the storage is full or forbidden, the limits live in this page's memory alone.
  #save() {
    const text = JSON.stringify(this.#store.state());
    try {
      this.#storage.setItem(this.#name, text);
      this.#text = text;
    } catch (cause) {
      warnOnce(`hfetch: the storage took no limits, so they end with this page: ${cause?.message}`);
    }
  }
}

export function storageStore(storage, name = "hfetch") {
  for (const method of read("storage", storage, ["getItem", "setItem"])) {
    if (typeof method !== "function") throw refuse("storage", "must be a Storage such as localStorage");
  }
  return new StorageStore(storage, text("name", name));
}
