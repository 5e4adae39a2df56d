// A request's body: read within its bound, and held against what the operator allows.

import { Refusal } from "./refusal.js";

const LONGEST_MODEL = 256; // characters, so that no pattern takes long
const MOST_INPUTS = 2_048; // of one embeddings request, as OpenAI's API has it: each batch of them is a request to the model's server

const bad = (code, message, param = null) => new Refusal(400, code, message, { param });

function tooLarge(limit) {
  return new Refusal(413, "request_too_large", `The body is larger than the ${limit} bytes that this gateway takes.`);
}

async function readBytes(request, limit) {
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge(limit);
  const parts = [];
  let size = 0;
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.byteLength;
    if (size > limit) {
      // The rest is not read.
      reader.cancel().catch(() => {});
      throw tooLarge(limit);
    }
  }
  return parts.length === 1 ? parts[0] : join(parts, size);
}

function join(parts, size) {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** The body as an object. What is checked here is what is sent, so a member that comes twice comes once from here on. */
export async function readBody(request, limit) {
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") throw new Refusal(415, "unsupported_encoding", "Send the body without a Content-Encoding.");
  const bytes = await readBytes(request, limit);
  let body;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw bad("invalid_json", "The body is not JSON.");
  }
  if (body === null || typeof body !== "object" || Array.isArray(body)) throw bad("invalid_body", "The body must be a JSON object.");
  return body;
}

function checkModel(model, allows) {
  if (model === undefined || model === null) throw bad("missing_model", "Name a model.", "model");
  if (typeof model !== "string" || model.length > LONGEST_MODEL) throw bad("invalid_type", `model must be a string of at most ${LONGEST_MODEL} characters.`, "model");
  if (!allows(model)) throw new Refusal(403, "model_not_allowed", "This gateway does not offer that model.", { param: "model" });
}

function checkCount(body, name, most) {
  const value = body[name] ?? null;
  if (value === null) return;
  if (!Number.isInteger(value) || value < 1) throw bad("invalid_type", `${name} must be a positive whole number.`, name);
  if (value > most) throw bad("cap_exceeded", `${name} may be at most ${most} here.`, name);
}

/** Holds a body against allow-list and caps; a cap on tokens is also what goes out where the caller names no maximum. */
export function checkBody(kind, body, { allows, caps }) {
  checkModel(body.model, allows);
  if (kind !== "chat") return checkInputs(body.input);
  const { maxTokens = Infinity, n = Infinity, messages = Infinity } = caps;
  if (Array.isArray(body.messages) && body.messages.length > messages) {
    throw bad("cap_exceeded", `A request may have at most ${messages} messages here.`, "messages");
  }
  checkCount(body, "n", n);
  checkCount(body, "max_tokens", maxTokens);
  checkCount(body, "max_completion_tokens", maxTokens);
  if (maxTokens !== Infinity) boundTokens(body, maxTokens);
}

// Not every server knows max_completion_tokens: one that doesn't would know no bound at all. Some take both for a mistake.
function boundTokens(body, most) {
  if ((body.max_tokens ?? null) !== null) return;
  body.max_tokens = body.max_completion_tokens ?? most;
  delete body.max_completion_tokens;
}

// A list of numbers is one input, by its tokens.
function checkInputs(input) {
  if (!Array.isArray(input) || input.length <= MOST_INPUTS || typeof input[0] === "number") return;
  throw bad("cap_exceeded", `A request may have at most ${MOST_INPUTS} inputs.`, "input");
}
