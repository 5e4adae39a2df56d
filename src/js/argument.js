// Arguments that are checked before the core's module is there, or so often that no crossing to it is worth while, in the core's words.

import { makeError } from "./error.js";

export const refuse = (path, problem, cause, hint) =>
  makeError("ConfigError", path ? `${path}: ${problem}` : problem, { path: path || null, hint, ...(cause && { cause }) });

export function text(path, value) {
  if (typeof value === "string" && value !== "") return value;
  throw refuse(path, "must be a string that is not empty");
}

export function number(path, value, { least = 0, most = Number.MAX_VALUE, whole = false } = {}) {
  if (typeof value === "number" && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const range = most === Number.MAX_VALUE ? `of at least ${least}` : `from ${least} to ${most}`;
  throw refuse(path, `must be a ${whole ? "whole " : ""}number ${range}`);
}

/** A function, or nothing. */
export function callable(path, value) {
  if (value !== undefined && typeof value !== "function") throw refuse(path, "must be a function");
}

/** The body of a request. */
export function checkBody(value) {
  if (value === null || typeof value !== "object") throw refuse("body", "must be an object of request parameters");
}

/** A list of messages, which only a call that adds some of its own looks at. */
export function conversation(value) {
  if (!Array.isArray(value)) throw refuse("messages", "must be a list of messages");
}
