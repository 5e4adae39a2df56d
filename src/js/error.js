// The public error classes, named as in the `openai` package. `errorOf` turns the core's failures into errors.

import { redact } from "./hfetch_bg.js";
import { parseJson } from "./json.js";
import { recordAt } from "./plain.js";

// A proxy may return another prototype each time it is asked, without an end. Other objects have fewer prototypes than this.
const LONGEST_CHAIN = 100;

function prototypesOf(value) {
  const chain = [];
  for (let at = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
    if (chain.push(at) > LONGEST_CHAIN) throw new TypeError("the prototypes have no end");
  }
  return chain;
}

const KIND = Symbol.for("hfetch.error");

export class HfetchError extends Error {
  // A second copy of this file (a hot reload, another entry) has its own classes. Their errors are recognised by name.
  static [Symbol.hasInstance](value) {
    if (typeof value !== "object" || value === null) return false;
    try {
      // This runs before the engine's own check, which would never end for such a proxy.
      const chain = prototypesOf(value);
      if (super[Symbol.hasInstance](value)) return true;
      if (!Object.hasOwn(this.prototype, KIND)) return false;
      for (const at of [value, ...chain]) {
        if (Object.hasOwn(at, KIND) && at[KIND] === this.prototype[KIND]) return true;
      }
    } catch {
      // A proxy that throws is none of these errors.
    }
    return false;
  }

  constructor(message, fields = {}) {
    super(message, "cause" in fields ? { cause: fields.cause } : undefined);
    this.hint = fields.hint ?? null;
    if (fields.tried) this.tried = fields.tried;
  }
}

export class ConfigError extends HfetchError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.path = fields.path ?? null;
  }
}

export class APIError extends HfetchError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.status = fields.status;
    this.headers = fields.headers;
    this.requestId = fields.requestId ?? null;
    this.code = fields.code ?? null;
    this.type = fields.type ?? null;
    this.param = fields.param ?? null;
    this.error = fields.error;
    this.body = fields.body;
    this.isRetryable = fields.isRetryable ?? false; // not named "retryable": workerd sends no response for an uncaught error with a property of that name
    this.retryAfter = fields.retryAfter ?? null;
    this.attempts = fields.attempts ?? 0;
    if (fields.partial) this.partial = fields.partial;
  }

  get requestID() {
    return this.requestId;
  }
}

export class BadRequestError extends APIError {}
export class AuthenticationError extends APIError {}
export class PaymentRequiredError extends APIError {}
export class PermissionDeniedError extends APIError {}
export class NotFoundError extends APIError {}
export class ConflictError extends APIError {}
export class UnprocessableEntityError extends APIError {}
export class RateLimitError extends APIError {}
export class InternalServerError extends APIError {}

export class ModelLoadingError extends APIError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.estimatedTime = fields.estimatedTime ?? null;
  }
}

export class APIConnectionError extends APIError {}

export class APIConnectionTimeoutError extends APIConnectionError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.phase = fields.reason;
    this.partial = fields.partial ?? null;
  }
}

export class APIUserAbortError extends APIError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.partial = fields.partial ?? null;
  }
}

export class StreamError extends APIError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.partial = fields.partial ?? null;
  }
}

export class StreamTruncatedError extends StreamError {}

export class LimitExceededError extends HfetchError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.retryAfter = fields.retryAfter;
    this.reason = fields.reason;
    this.scope = fields.scope ?? null;
  }
}

export class BudgetExceededError extends LimitExceededError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.spentUsd = fields.spentUsd;
    this.budgetUsd = fields.budgetUsd;
  }
}

export class StructuredOutputError extends HfetchError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.issues = fields.issues ?? [];
    this.text = fields.text ?? "";
    this.partial = fields.partial ?? null;
    this.finishReason = fields.finishReason ?? null;
  }
}

export const classes = {
  HfetchError,
  ConfigError,
  APIError,
  BadRequestError,
  AuthenticationError,
  PaymentRequiredError,
  PermissionDeniedError,
  NotFoundError,
  ConflictError,
  UnprocessableEntityError,
  RateLimitError,
  ModelLoadingError,
  InternalServerError,
  APIConnectionError,
  APIConnectionTimeoutError,
  APIUserAbortError,
  StreamError,
  StreamTruncatedError,
  LimitExceededError,
  BudgetExceededError,
  StructuredOutputError,
};

// Minifiers rename classes, and `name` must stay the same.
for (const [name, errorClass] of Object.entries(classes)) {
  Object.defineProperty(errorClass.prototype, "name", { value: name, configurable: true, writable: true });
  Object.defineProperty(errorClass.prototype, KIND, { value: name });
}

export function makeError(name, message, fields) {
  const ErrorClass = classes[name] ?? HfetchError;
  return new ErrorClass(message, fields);
}

// The error for a failure of the core. `added` holds what only JavaScript knows: a cause or reason, headers, the partial answer.
export function errorOf({ class: name, message, body, addsCause, addsHeaders, attempt, ...told }, secrets = [], added = {}) {
  const fields = {};
  for (const [key, value] of Object.entries(told)) if (value !== null) fields[key] = value;
  // A signal's reason belongs to the caller and is returned unchanged.
  if (addsCause) fields.cause = "reason" in added ? added.reason : cleanCause(added.cause, secrets);
  if (addsHeaders && added.headers !== undefined) fields.headers = cleanHeaders(added.headers, secrets);
  if ("partial" in added) fields.partial = added.partial;
  if (body !== null) {
    fields.body = parsed(body);
    fields.error = fields.body?.error === undefined ? fields.body : fields.body.error;
  }
  return makeError(name, message, fields);
}

// The error for a failure that belongs to no call.
export const errorAt = (pointer) => errorOf(recordAt(pointer));
// How many frames of the caller are kept. Each one costs every call about 0.2 µs.
const FRAMES = 3;

// Where the caller made the call. An error is made in a microtask, whose own stack doesn't contain the caller. `below`: the function whose callers are recorded.
// Engines turn frames into text only when the stack is read.
export function callSite(below, frames = FRAMES) {
  const site = {};
  const limit = Error.stackTraceLimit;
  try {
    if (limit > frames) Error.stackTraceLimit = frames;
    if (Error.captureStackTrace) Error.captureStackTrace(site, below);
    else site.stack = new Error().stack;
    if (limit > frames) Error.stackTraceLimit = limit;
  } catch {
    // If a program has frozen Error, its errors name no caller.
  }
  return site;
}

// Replaces an error's own frames with the caller's.
export function traced(error, site) {
  try {
    if (!(error instanceof HfetchError) || typeof site?.stack !== "string") return error;
    // V8 writes the error's name above the frames; other engines begin with the frames.
    const [first, ...rest] = site.stack.split("\n");
    const frames = /:\d+/.test(first) ? site.stack : [`${error.name}: ${error.message}`, ...rest].join("\n");
    if (rest.length > 0) error.stack = frames;
  } catch {
    // A program may have replaced how stacks are written, and its function may throw.
  }
  return error;
}

function parsed(text) {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

// The most objects that are searched for a secret. A larger value is assumed to contain one: it is replaced by a copy of its message.
const MANY = 1_000;

// Properties that an object inherits, such as the getters of a class or of the platform.
function inherited(value) {
  const shown = [];
  for (const at of prototypesOf(value)) {
    if (at === Object.prototype) break;
    // Node prints a warning when some names that begin with "_" are read.
    for (const key of Reflect.ownKeys(at).filter((key) => !/^_/.test(String(key)))) {
      try {
        if (typeof value[key] !== "function") shown.push(value[key]);
      } catch {
        // Some getters can't be called on every object.
      }
    }
  }
  return shown;
}

// Methods with which consoles and JSON ask an object for a text; it may contain more than the object's properties.
const SPOKEN = ["toString", "toJSON", Symbol.for("nodejs.util.inspect.custom")];

function said(value, name) {
  try {
    return value[name]();
  } catch {
    return undefined;
  }
}

// Whether a value contains a secret at any depth: errors refer to requests, and requests to headers.
function quotes(value, secrets, seen) {
  if (typeof value === "string") return redacted(value, secrets) !== value;
  if (typeof value === "symbol") return quotes(value.description, secrets, seen);
  const isFunction = typeof value === "function";
  if (value === null || (typeof value !== "object" && !isFunction) || ArrayBuffer.isView(value) || seen.has(value)) return false;
  if (seen.size >= MANY) return true;
  seen.add(value);
  const keys = isFunction ? Object.keys(value) : Reflect.ownKeys(value);
  const parts = [...keys, ...keys.map((key) => value[key]), ...inherited(value)];
  if (!isFunction) parts.push(...SPOKEN.map((name) => said(value, name)));
  if (typeof value.entries === "function") {
    for (const entry of value.entries()) {
      if (parts.push(entry) > MANY) return true;
    }
  }
  return parts.some((part) => quotes(part, secrets, seen));
}

// Removes secrets from a text, however JSON spells them.
export function redacted(text, secrets) {
  const given = String(text);
  return (secrets.length > 0 ? redact(given, secrets.join("\n")) : undefined) ?? given;
}

// Removes secrets from what was thrown: fetch's own TypeError quotes the value that it refused, and other clients' errors contain whole requests.
function cleanCause(thrown, secrets) {
  try {
    if (secrets.length === 0 || !quotes(thrown, secrets, new Set())) return thrown;
    const copy = new Error(redacted(thrown?.message ?? thrown, secrets));
    copy.name = redacted(thrown?.name ?? "Error", secrets);
    return copy;
  } catch {
    return new Error("what was thrown can't be read");
  }
}

// How many causes of a thrown value are read. An error can have a chain of them, and an AggregateError several.
const CAUSES = 32;

// The names and codes of what was thrown and of its causes, one per line.
export function namesOf(thrown) {
  const names = [];
  const due = [thrown];
  for (let seen = 0; seen < due.length && seen < CAUSES; seen++) {
    for (const key of ["code", "name", "type", "cause", "errors"]) {
      try {
        const value = due[seen][key];
        if (typeof value === "string") names.push(value);
        else due.push(...(Array.isArray(value) ? value.slice(0, CAUSES) : [value]));
      } catch {
        // A value without a name, or one that can't be read.
      }
    }
  }
  return names.join("\n");
}

export function cleanHeaders(headers, secrets) {
  if (secrets.length === 0) return headers;
  try {
    const entries = [];
    for (const entry of headers.entries()) {
      // An object with more entries is no list of headers.
      if (entries.push(entry) > MANY) return undefined;
    }
    // A header's name or value contains no line break.
    const texts = entries.flat().join("\n");
    const clean = redacted(texts, secrets);
    if (clean === texts) return headers;
    const lines = clean.split("\n");
    // A header whose name contains a secret is left out.
    return new Headers(entries.map(([name], at) => [name, lines[2 * at + 1]]).filter(([name], at) => name === lines[2 * at]));
  } catch {
    return undefined;
  }
}
