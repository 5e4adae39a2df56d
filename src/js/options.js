// Turns options into JSON text for Rust, and keeps functions apart. A value that JSON can't express is marked with a key that no option has, so that
// Rust refuses it by its path instead of never seeing it.

import { callable, refuse } from "./argument.js";
import { resolvesAcrossRequests } from "./cancel.js";
import { KEY_FUNCTION, STORE, WAKES } from "./protocol.js";

export const MARK = "\u0000";

// Resolves a URL relative to the page, as the page's own fetch would, and spells an absolute URL as the platform does: "https://127.1/v1" and
// the address of a request for it then have the same text. The core refuses what isn't a valid URL.
export function absolute(url) {
  if (typeof url !== "string") return url;
  // The flag "i" would make the engine look up the other case of every character, which takes it ten times as long.
  if (!/^\.{0,2}\//.test(url)) return /^[Hh][Tt]{2}[Pp][Ss]?:\/\/[^\s\0-\x1f\x7f\\?#@]+$/.test(url) ? spelled(url) : url;
  // A worker made from a blob has an address whose path can't be a base.
  for (const base of [() => document.baseURI, () => location.href, () => location.origin]) {
    try {
      const { protocol, href } = new URL(url, base());
      if (/^https?:$/.test(protocol)) return href;
    } catch {
      // This environment has no such object, or its address is no base for a URL.
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
      // A Headers or Map object would become {} in JSON, and its content would be lost without an error.
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
    // Without a prototype, since a property that another program has added to Object.prototype is no option, and no fetch that may see keys.
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

// Whether an object has a method; false if asking throws.
function has(object, method) {
  try {
    return typeof object?.[method] === "function";
  } catch {
    return false;
  }
}

export function clientOptions(options) {
  const [data, hooks] = split(options, ["fetch", "store", "onSettled", "apiKey"]);
  callable("fetch", hooks.fetch);
  callable("onSettled", hooks.onSettled);
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

// The facts about a client's surroundings that the core needs: a number of bits, including those of `more`, and the token in the environment.
export function around({ apiKey, token, store }, more = 0) {
  const bits = (apiKey && KEY_FUNCTION) | (store && STORE) | (resolvesAcrossRequests() && WAKES) | more;
  return [bits, token];
}

export function requestOptions(options) {
  const [data, hooks] = split(options, ["signal", "metadata", "onSettled"]);
  callable("onSettled", hooks.onSettled);
  hooks.signals = signals(hooks.signal);
  // Most calls have no data, and the core then needn't read any.
  return [isEmpty(data) ? undefined : dataText(data, ""), hooks];
}

// The signals in an option, as a list.
export function signals(signal) {
  if (signal === undefined || signal === null) return [];
  if (joined.has(signal)) return signal;
  if (!has(signal, "addEventListener")) throw refuse("signal", "must be an AbortSignal");
  return [signal];
}

// Joins signals of several places into one option; each of them ends the call. A list that a caller made isn't accepted as a signal.
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

// A variable of the environment, if it may be read. It is read through globalThis, so that bundlers don't write a token into a page.
export function environment(name) {
  try {
    const { Deno, process } = globalThis;
    // Deno asks the user when a program reads a variable without permission, so the permission is checked first.
    const query = name === undefined ? { name: "env" } : { name: "env", variable: name };
    const granted = Deno?.permissions?.querySync?.(query).state ?? "granted";
    return granted === "granted" ? process?.env : undefined;
  } catch {
    return undefined;
  }
}
