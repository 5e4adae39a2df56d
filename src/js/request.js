// A caller's body as JSON text. The engine writes it; Rust checks it field by field.

import { refuse } from "./options.js";

export function requestText(body) {
  if (body === null || typeof body !== "object") {
    throw refuse("body", "must be an object of request parameters");
  }
  let text;
  try {
    for (const [key, value] of Object.entries(body)) check(key, value);
    text = JSON.stringify(body);
  } catch (error) {
    if (error?.name === "ConfigError") throw error;
    throw refuse("body", "can't be written as JSON", error);
  }
  if (text === undefined) throw refuse("body", "can't be written as JSON");
  return text;
}

// JSON.stringify turns NaN into null and drops functions without a word.
function check(key, value) {
  if (typeof value === "number" && !Number.isFinite(value)) throw refuse(key, "must be a finite number");
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
    throw refuse(key, `is a ${typeof value}, which JSON can't hold`);
  }
}
