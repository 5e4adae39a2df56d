// Options as JSON text for Rust, functions apart. What JSON can't hold is marked with the one key no option has,
// so that Rust refuses it by its path instead of never seeing it.

import { resolvesAcrossRequests } from "./cancel.js";
import { makeError } from "./error.js";
import { KEY_FUNCTION, STORE, WAKES } from "./protocol.js";

export const MARK = "\u0000";

export const refuse = (path, problem, cause, hint) =>
  makeError("ConfigError", path ? `${path}: ${problem}` : problem, { path: path || null, hint, ...(cause && { cause }) });

// A URL that is relative to a page's address as that page's fetch would take it; an absolute one as the platform spells it, so that
// "https://127.1/v1" and the address to which a request for it goes are the same text. What is no such URL is left for the core to refuse.
export function absolute(url) {
  if (typeof url !== "string") return url;
  // Without the flag "i", for which an engine looks up the other case of every character there is.
  if (!/^\.{0,2}\//.test(url)) return /^[Hh][Tt]{2}[Pp][Ss]?:\/\/[^\s\0-\x1f\x7f\\?#@]+$/.test(url) ? spelled(url) : url;
  // The address of a worker made from a blob has a path that nothing is relative to.
  for (const base of [() => document.baseURI, () => location.href, () => location.origin]) {
    try {
      const { protocol, href } = new URL(url, base());
      if (/^https?:$/.test(protocol)) return href;
    } catch {
      // There is no such thing here.
    }
  }
  return url;
}

function spelled(url) {
  try {
    return new URL(url).href;
  } catch {
    return url;
  }
}

function mark(key, value) {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? value : { [MARK]: String(value) };
    case "function":
    case "symbol":
    case "bigint":
      return { [MARK]: typeof value };
    case "object":
      // A Headers or Map would be written as {} and its content lost without a word.
      return value && typeof value.entries === "function" && !Array.isArray(value) ? Object.fromEntries(value.entries()) : value;
    default:
      return value;
  }
}

export function dataText(data, path, change = (key, value) => value) {
  try {
    return JSON.stringify(data, (key, value) => mark(key, change(key, value)));
  } catch (cause) {
    throw refuse(path, "can't be read as plain data", cause);
  }
}

function split(options, names) {
  if (options === undefined || options === null) return [undefined, Object.create(null)];
  if (typeof options !== "object") throw refuse("", "options must be an object");
  try {
    // Without a prototype: what somebody has put on Object.prototype is no option, and no fetch to hand keys to.
    const data = { __proto__: null, ...options };
    const apart = Object.create(null);
    for (const name of names) {
      if (data[name] === undefined) continue;
      apart[name] = data[name];
      delete data[name];
    }
    return [data, apart];
  } catch (cause) {
    throw refuse("", "options can't be read", cause);
  }
}

// Whether an object has a method; one that can't be asked has none.
function has(object, method) {
  try {
    return typeof object?.[method] === "function";
  } catch {
    return false;
  }
}

function callable(apart, name) {
  if (apart[name] !== undefined && typeof apart[name] !== "function") throw refuse(name, "must be a function");
}

export function clientOptions(options) {
  const [data, hooks] = split(options, ["fetch", "store", "onSettled", "apiKey"]);
  callable(hooks, "fetch");
  callable(hooks, "onSettled");
  if (hooks.store !== undefined) checkStore(hooks.store);
  if (hooks.apiKey !== undefined && typeof hooks.apiKey !== "function") {
    data.apiKey = hooks.apiKey;
    delete hooks.apiKey;
  }
  if (data?.baseURL !== undefined) data.baseURL = absolute(data.baseURL);
  const brought = hooks.apiKey !== undefined || data?.apiKey !== undefined || data?.apiKeys !== undefined;
  if (!brought) hooks.token = environment("HF_TOKEN")?.HF_TOKEN || undefined;
  return [dataText(data, ""), hooks];
}

// What the core has to know of what is around a client: bits, `more` among them, and the environment's token.
export function around({ apiKey, token, store }, more = 0) {
  const bits = (apiKey && KEY_FUNCTION) | (store && STORE) | (resolvesAcrossRequests() && WAKES) | more;
  return [bits, token];
}

export function requestOptions(options) {
  const [data, hooks] = split(options, ["signal", "metadata", "onSettled"]);
  callable(hooks, "onSettled");
  hooks.signals = signals(hooks.signal);
  // Most calls bring no data: then there is nothing to read on the other side.
  return [isEmpty(data) ? undefined : dataText(data, ""), hooks];
}

// A signal as a list, which is empty where there is none.
export function signals(signal) {
  if (signal === undefined || signal === null) return [];
  if (joined.has(signal)) return signal;
  if (!has(signal, "addEventListener")) throw refuse("signal", "must be an AbortSignal");
  return [signal];
}

// Signals of several places as one option, either of which ends the call. A caller's own list is no signal.
const joined = new WeakSet();

export function joinSignals(...given) {
  const list = given.flatMap(signals);
  joined.add(list);
  return list.length > 0 ? list : undefined;
}

function isEmpty(data) {
  for (const _ in data) return false;
  return true;
}

function checkStore(store) {
  for (const method of ["reserve", "settle", "release", "block"]) {
    if (!has(store, method)) throw refuse(`store.${method}`, "must be a function");
  }
}

// The environment, where there is one that may be read. Through globalThis, so that bundlers don't write a token into a page.
export function environment(name) {
  try {
    const { Deno, process } = globalThis;
    // Deno asks the person at the terminal when a program reads what it was not granted.
    const query = name === undefined ? { name: "env" } : { name: "env", variable: name };
    const granted = Deno?.permissions?.querySync?.(query).state ?? "granted";
    return granted === "granted" ? process?.env : undefined;
  } catch {
    return undefined;
  }
}
