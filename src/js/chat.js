// One completion of a chat or of a prompt, streamed or whole, from the response on.

import { close } from "./call.js";
import { Decoder } from "./decode.js";
import { cleanHeaders } from "./error.js";
import { readBody } from "./fetch.js";
import { parseJson } from "./json.js";
import { Pump } from "./pump.js";
import { contentOf, reasoningOf } from "./reasoning.js";
import { ChatStream } from "./stream.js";

export async function chat(call, cancel, settled) {
  const sent = await call.send(0);
  const response = responseInfo(sent.response, call);
  if (!call.stream) return { data: await answer(call, cancel, sent), response };
  const decoder = new Decoder(call.max_event_bytes, call.max_answer_bytes, call.is_text);
  const pump = new Pump(sent, decoder, call, cancel, call.idle);
  return { data: new ChatStream(pump, cancel, sent.controller, response, settled), response };
}

// The public part of a response. Its headers are searched for keys only when the caller reads them.
export function responseInfo({ status, headers }, { requestId, secrets }) {
  let clean;
  return {
    status,
    get headers() {
      return (clean ??= cleanHeaders(headers, secrets) ?? headers);
    },
    requestId,
  };
}

async function answer(call, cancel, sent) {
  const bytes = await readBody(sent.response, cancel, call.idle, call.max_answer_bytes);
  sent.forget();
  return settleWhole(call, cancel, bytes);
}

// Reads the completion from the body and ends the call.
export function settleWhole(call, cancel, bytes) {
  call.checkLarge(bytes);
  let completion = parse(bytes);
  if (isObject(completion?.choices)) completion.choices = [completion.choices];
  if (!hasChoices(completion)) throw call.unexpected(bytes);
  const answered = completion.choices.some(call.is_text ? saysText : says);
  const odd = completion.choices.some(call.is_text ? isOddText : isOdd);
  let error = odd || [completion, ...completion.choices].some(mayTell) ? call.failed(bytes) : undefined;
  if (odd && error === undefined) completion = call.folded(bytes);
  if (!answered) error ??= call.unexpected(bytes);
  const [first] = completion.choices;
  const counts = ["prompt_tokens", "completion_tokens", "total_tokens"].map((key) => count(completion.usage?.[key]));
  call.took(0, counts, completion.choices.map(deliveredText).join("\n"), true, undefined, completion.usage);
  const finishReason = typeof first.finish_reason === "string" ? first.finish_reason : null;
  if (error !== undefined) {
    close(call, cancel, "error", finishReason);
    throw error;
  }
  close(call, cancel, "ok", finishReason);
  return completion;
}

// Words that an answer or a choice must contain if it reports a failure. An answer without them needn't be copied for the core to check.
const TELLING = ["error", "errors", "error_code", "error_message", "base_resp"];
const mayTell = (part) => TELLING.some((key) => part[key]) || part.object === "error" || part.finish_reason === "error";

// Some servers write counts as strings.
const count = (value) => (typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value);

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value) => typeof value === "string" || value === null || value === undefined;

// Whether the answer has choices that are objects; without them it is no completion.
function hasChoices(completion) {
  const choices = completion?.choices;
  return Array.isArray(choices) && choices.length > 0 && choices.every(isObject);
}

// Whether a choice has a message.
const says = ({ message, delta }) => (message ?? delta ?? null) !== null;


// Whether a choice of a text completion has a text, or a message where the server answers as in chat.
const saysText = (choice) => typeof choice.text === "string" || says(choice);
const isOddText = (choice) => typeof choice.text !== "string" || ["", "eos_token", "stop_sequence"].includes(choice.finish_reason);

// Whether a choice has values of the wrong type. The core then decides what they mean.
function isOdd({ message }) {
  if (message === null || message === undefined) return false;
  const { content, tool_calls: calls } = message;
  const isNoText = (key) => ["number", "boolean"].includes(typeof message[key]);
  return (
    !isObject(message) ||
    !(isText(content) || Array.isArray(content)) ||
    ["refusal", "reasoning", "reasoning_content", "reasoning_text"].some(isNoText) ||
    !(calls === null || calls === undefined || (Array.isArray(calls) && calls.every(isCall)))
  );
}

function isCall(call) {
  const called = call?.function ?? {};
  return isObject(call) && isObject(called) && isText(called.name) && isText(called.arguments);
}

function deliveredText(choice) {
  const message = choice?.message ?? {};
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  const texts = [reasoningOf(message), contentOf(message), message.refusal, ...calls.flatMap((call) => [call?.function?.name, call?.function?.arguments])];
  return [...texts, choice?.text].filter((text) => typeof text === "string").join("");
}

function parse(bytes) {
  try {
    return parseJson(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
