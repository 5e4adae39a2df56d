// One chat completion, as a stream or whole, from the response on.

import { close } from "./call.js";
import { Decoder } from "./decode.js";
import { readBody } from "./fetch.js";
import { Pump } from "./pump.js";
import { contentOf, reasoningOf } from "./reasoning.js";
import { ChatStream } from "./stream.js";

export async function chat(call, cancel, settled) {
  const exchange = await call.send(0);
  const response = responseInfo(exchange.response, call);
  if (!call.stream) return { data: await answer(call, cancel, exchange), response };
  const decoder = new Decoder(call.max_event_bytes);
  const pump = new Pump(exchange, decoder, call, cancel, call.idle);
  return { data: new ChatStream(pump, cancel, exchange.controller, response, settled), response };
}

export function responseInfo(response, call) {
  return { status: response.status, headers: call.clean_headers(response.headers) ?? response.headers, requestId: call.request_id ?? null };
}

async function answer(call, cancel, exchange) {
  const bytes = await readBody(exchange.response, cancel, call.idle);
  exchange.forget();
  return settleWhole(call, cancel, bytes);
}

// The completion in the body of a call that ends with it.
export function settleWhole(call, cancel, bytes) {
  const completion = parse(bytes);
  if (!hasChoices(completion)) throw call.unexpected(bytes);
  const [first] = completion.choices;
  const usage = completion.usage;
  if (typeof usage?.prompt_tokens === "number" || typeof usage?.completion_tokens === "number") {
    call.reported(0, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens);
  } else {
    call.delivered(0, completion.choices.map(deliveredText).join("\n"));
  }
  const finishReason = typeof first.finish_reason === "string" ? first.finish_reason : null;
  const error = [completion, ...completion.choices].some(mayTell) ? call.failed(bytes) : undefined;
  if (error !== undefined) {
    close(call, cancel, "error", finishReason);
    throw error;
  }
  close(call, cancel, "ok", finishReason);
  return completion;
}

// Whether an answer or a choice has a word in it that may say that it failed: others need not be copied to be asked about.
const TELLING = ["error", "errors", "error_code", "error_message", "base_resp"];
const mayTell = (part) => TELLING.some((key) => part[key]) || part.object === "error" || part.finish_reason === "error";

// Without a choice there is no answer, and what is no object is no choice.
function hasChoices(completion) {
  const choices = completion?.choices;
  const isChoice = (choice) => typeof choice === "object" && choice !== null && !Array.isArray(choice);
  return Array.isArray(choices) && choices.length > 0 && choices.every(isChoice);
}

function deliveredText(choice) {
  const message = choice?.message ?? {};
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  const texts = [reasoningOf(message), contentOf(message), message.refusal, ...calls.flatMap((call) => [call?.function?.name, call?.function?.arguments])];
  return texts.filter((text) => typeof text === "string").join("");
}

function parse(bytes) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
