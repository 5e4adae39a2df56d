// One chat completion, as a stream or whole, from the response on.

import { close } from "./call.js";
import { Decoder } from "./decode.js";
import { cleanHeaders } from "./error.js";
import { readBody } from "./fetch.js";
import { Pump } from "./pump.js";
import { ChatStream } from "./stream.js";

export async function chat(call, cancel, settled) {
  const sent = await call.send(0);
  const response = responseInfo(sent.response, call);
  if (!call.stream) return { data: await answer(call, cancel, sent), response };
  const decoder = new Decoder(call.max_event_bytes);
  const pump = new Pump(sent, decoder, call, cancel, call.idle);
  return { data: new ChatStream(pump, cancel, sent.controller, response, settled), response };
}

// What a response says of itself. Its headers are looked through for keys when somebody asks for them.
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
  const bytes = await readBody(sent.response, cancel, call.idle);
  sent.forget();
  return settleWhole(call, cancel, bytes);
}

// The completion in the body of a call that ends with it.
export function settleWhole(call, cancel, bytes) {
  const completion = parse(bytes);
  if (!Array.isArray(completion?.choices)) throw call.unexpected(bytes);
  for (const choice of completion.choices) nameReasoning(choice?.message);
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

// Providers write reasoning under either name; readers find it under one.
function nameReasoning(message) {
  if (typeof message?.reasoning_content === "string" && (message.reasoning ?? null) === null) {
    message.reasoning = message.reasoning_content;
  }
}

function deliveredText(choice) {
  const message = choice?.message ?? {};
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  const texts = [message.content, message.reasoning, ...calls.flatMap((call) => [call?.function?.name, call?.function?.arguments])];
  return texts.filter((text) => typeof text === "string").join("");
}

function parse(bytes) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
