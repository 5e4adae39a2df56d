// The whole answers from which faults are made, and the places at which they are cut. This file uses no modules of a particular runtime.

/** The text of a stream of these frames. */
export const TEXT = "Grüße aus Zürich, 你好 👋";
const WORDS = ["Gr", "üße", " aus", " Zürich", ",", " 你好", " 👋"];
const HEAD = { id: "chatcmpl-f", object: "chat.completion.chunk", created: 1790000000, model: "stand-in/fault" };
const USAGE = { prompt_tokens: 7, completion_tokens: 7, total_tokens: 14 };

export const COMPLETION = {
  id: "chatcmpl-f", object: "chat.completion", created: 1790000000, model: "stand-in/fault",
  choices: [{ index: 0, message: { role: "assistant", content: TEXT }, logprobs: null, finish_reason: "stop" }], usage: USAGE,
};
export const TEXT_COMPLETION = { ...COMPLETION, object: "text_completion", choices: [{ index: 0, text: TEXT, logprobs: null, finish_reason: "stop" }] };
export const EMBEDDINGS = {
  object: "list", model: "stand-in/grün",
  data: [{ object: "embedding", index: 0, embedding: [0.25, -1.5, 3] }, { object: "embedding", index: 1, embedding: [1, 2, 0.5] }],
  usage: { prompt_tokens: 4, total_tokens: 4 },
};
export const MODELS = {
  object: "list",
  data: [{ id: "stand-in/grün", object: "model", created: 1790000000, owned_by: "stand-in", providers: [{ provider: "novita", status: "live", context_length: 4096, pricing: { input: 0.1, output: 0.2 } }] }],
};

/** A chunk of the stream. */
const chunkOf = (delta, finish_reason = null) => ({ ...HEAD, choices: [{ index: 0, delta, finish_reason }] });
const frameOf = (value) => `data: ${JSON.stringify(value)}\n\n`;
const DONE = "data: [DONE]\n\n";

const FRAMES = [...WORDS.map((content) => frameOf(chunkOf({ content }))), frameOf(chunkOf({}, "stop")), frameOf({ ...HEAD, choices: [], usage: USAGE }), DONE];

const pieceOf = (text, finish_reason = null) => ({ ...TEXT_COMPLETION, choices: [{ index: 0, text, logprobs: null, finish_reason }], usage: null });
const PIECES = [...WORDS.map((text) => frameOf(pieceOf(text))), frameOf(pieceOf("", "stop")), frameOf({ ...TEXT_COMPLETION, choices: [] }), DONE];
const framesOf = (call) => (call === "completion stream" ? PIECES : FRAMES);

/** The stream with one of its chunks replaced, or with something inserted before the second. */
export function streamWith({ chunk, before }) {
  const frames = [...FRAMES];
  if (chunk !== undefined) frames[2] = typeof chunk === "string" ? chunk : frameOf(chunk);
  if (before !== undefined) frames.splice(1, 0, before);
  return frames.join("");
}

const TOOL_CALL = { index: 0, id: "call_1", type: "function", function: { name: "f", arguments: "{}" } };
const LOGPROBS = { content: [{ token: " aus", logprob: -0.5, bytes: [32, 97], top_logprobs: [{ token: " aus", logprob: -0.5, bytes: null }] }], refusal: null };
const SPOKEN = { role: "assistant", content: TEXT, refusal: null, reasoning: "Hm.", tool_calls: [TOOL_CALL] };
const USAGE_IN_DETAIL = { ...USAGE, completion_tokens_details: { reasoning_tokens: 1 }, prompt_tokens_details: { cached_tokens: 0 } };

/** An answer and a chunk with every field that is read, and the usual fields that aren't. */
export const FULL_COMPLETION = { ...COMPLETION, choices: [{ index: 0, message: SPOKEN, logprobs: LOGPROBS, finish_reason: "stop" }], usage: USAGE_IN_DETAIL, system_fingerprint: "fp" };
export const FULL_CHUNK = { ...HEAD, choices: [{ index: 0, delta: { ...SPOKEN, content: " aus", reasoning_content: "Hm." }, logprobs: LOGPROBS, finish_reason: null }], usage: USAGE_IN_DETAIL, system_fingerprint: "fp" };

/** The member "error" of an error's body. */
export const ERROR = { message: "the server's own words", type: "t", param: "p", code: "c" };

const JSON_BODIES = { chat: COMPLETION, completion: TEXT_COMPLETION, embeddings: EMBEDDINGS, models: MODELS };

/** Whether a call reads an event stream. */
export const streams = (call) => !(call in JSON_BODIES);

/** A call's whole answer as text. */
export const bodyOf = (call) => (streams(call) ? framesOf(call).join("") : JSON.stringify(JSON_BODIES[call]));

/** The content type of that answer. */
export const typeOf = (call) => (streams(call) ? "text/event-stream" : "application/json");

const bytesUpTo = (text, part, inside) => new TextEncoder().encode(text.slice(0, text.indexOf(part))).length + inside;

/** Places in an answer, as bytes from its start. A place that a call's answer doesn't have is left out. */
export function placesOf(call) {
  const text = bodyOf(call);
  const everywhere = { headers: 0, "a character": bytesUpTo(text, "ü", 1), "an event": streams(call) ? bytesUpTo(text, " aus", 3) : Math.floor(text.length / 2) };
  if (!streams(call)) return everywhere;
  const between = framesOf(call).slice(0, 3).join("");
  const finish = framesOf(call).slice(0, -2).join("");
  return { ...everywhere, "whole events": bytesUpTo(`${between}|`, "|", 0), "the finish_reason": bytesUpTo(`${finish}|`, "|", 0), "[DONE]": bytesUpTo(text, "[DONE]", 3) };
}
