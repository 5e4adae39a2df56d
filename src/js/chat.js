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
  if (!Array.isArray(completion?.choices)) throw call.unexpected(bytes);
  const [first] = completion.choices;
  const usage = completion.usage;
  if (typeof usage?.prompt_tokens === "number" || typeof usage?.completion_tokens === "number") {
    call.reported(0, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens);
  } else {
    call.delivered(0, completion.choices.map(deliveredText).join("\n"));
  }
  close(call, cancel, "ok", typeof first?.finish_reason === "string" ? first.finish_reason : null);
  return completion;
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
