// Checks of arguments that can't be left to the core: its module may not be compiled yet, or the function is called so often that a call into
// the module would cost too much. The error messages use the core's words.

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

/** Accepts a function or undefined. */
export function callable(path, value) {
  if (value !== undefined && typeof value !== "function") throw refuse(path, "must be a function");
}

/** Accepts the body of a request. */
export function checkBody(value) {
  if (value === null || typeof value !== "object") throw refuse("body", "must be an object of request parameters");
}

/** Accepts a list of messages. Only calls that add messages of their own need this; otherwise the core checks the list. */
export function conversation(value) {
  if (!Array.isArray(value)) throw refuse("messages", "must be a list of messages");
}
