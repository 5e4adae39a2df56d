// A caller's body as JSON text. The engine writes it, and Rust checks it field by field.

import { checkBody, refuse } from "./argument.js";
import { signals } from "./options.js";

// Members that this package has added to a server's message or tool call, by name.
const notes = new WeakMap();

export function noted(object, name, value) {
  object[name] = value;
  notes.set(object, name);
}

// A message as the server sent it: some servers refuse members that they haven't sent themselves.
function asItCame(message) {
  if (!notes.has(message)) return message;
  const { [notes.get(message)]: _, ...rest } = message;
  return rest;
}

// The JSON text, and the signals in the body: they are options and don't belong there.
export function requestText(body) {
  checkBody(body);
  let text;
  let given = [];
  try {
    let sent = body;
    if (Object.hasOwn(body, "signal")) {
      given = signals(body.signal);
      sent = { ...body };
      delete sent.signal;
    }
    if (Array.isArray(body.messages) && body.messages.some((message) => notes.has(message))) sent = { ...sent, messages: body.messages.map(asItCame) };
    for (const key of Object.keys(sent)) check(key, sent[key]);
    text = JSON.stringify(sent);
  } catch (error) {
    if (error?.name === "ConfigError") throw error;
    throw refuse("body", "can't be written as JSON", error);
  }
  if (text === undefined) throw refuse("body", "can't be written as JSON");
  return { text, signals: given };
}

const OPTIONS = {
  fetch: "is an option of the client, not a part of the body",
  onSettled: "is an option, which stands behind the body and not in it",
};

// JSON.stringify would turn NaN into null and drop functions without an error.
function check(key, value) {
  if (typeof value === "number" && !Number.isFinite(value)) throw refuse(key, "must be a finite number");
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
    throw refuse(key, OPTIONS[key] ?? `is a ${typeof value}, which JSON can't hold`);
  }
}
