// The Responses API's answers, read for the settlement alone: their end, their usage, and what they delivered where none is told.

import { SseDecoder, StreamError, StreamTruncatedError, close, redacted } from "./client.js";

const ENDS = ["response.completed", "response.incomplete"];
export const FAILURES = ["response.failed", "error"];
const BREAK = Uint8Array.of(10, 10);

/** What a Pump asks a Decoder. */
export class ResponseDecoder {
  ended = false;
  delivered_any = false;
  tail = false;
  failed = false;
  has_event = false;
  sequence = 0; // the number that the next event would have
  #events;
  #usage = null;
  #texts = [];
  #reported = false; // by an event of its own
  #said = undefined;
  #hasFinish = false;
  #finishReason = null;

  constructor(maxEventBytes) {
    this.#events = new SseDecoder({ maxEventBytes });
  }

  push(bytes) {
    for (const { event, data } of this.#events.push(bytes)) {
      this.has_event = true;
      if (!this.ended) this.#read(event, data);
    }
    return [];
  }

  end() {
    // The last event's blank line may be missing.
    this.push(BREAK);
    this.failed ||= !this.#hasFinish;
    this.ended = true;
    return [];
  }

  #read(name, data) {
    if (data === "[DONE]") {
      this.ended = true;
      this.failed ||= !this.#hasFinish;
      return;
    }
    const event = parse(data);
    if (event === undefined) return;
    const { type = name, response, delta } = event;
    if (Number.isInteger(event.sequence_number)) this.sequence = event.sequence_number + 1;
    if (typeof delta === "string" && delta !== "") {
      this.delivered_any = true;
      this.#texts.push(delta);
    }
    this.#usage = response?.usage ?? this.#usage;
    if (ENDS.includes(type)) {
      // The body goes on to its end: some servers send [DONE] as well.
      this.#hasFinish = true;
      this.#finishReason = reasonOf(response);
    } else if (FAILURES.includes(type)) {
      this.#reported = this.failed = this.ended = true;
      this.#said = response?.error?.message ?? event.message ?? event.error?.message;
    }
  }

  fault({ secrets }) {
    if (!this.#reported) return new StreamTruncatedError("the stream ended without response.completed: the answer is not whole", { partial: null });
    return new StreamError(typeof this.#said === "string" ? redacted(this.#said, secrets) : "the server reported a failure", { partial: null });
  }

  account(call) {
    account(call, this.#usage, () => this.#texts.join(""));
    this.#events.end();
    return { finishReason: this.#finishReason };
  }

  partial() {
    return null;
  }
}

/** Ends a call with its whole answer; gives whether that says it has failed. */
export function settleResponse(call, cancel, bytes) {
  const response = parse(new TextDecoder().decode(bytes));
  if (!Array.isArray(response?.output)) throw call.unexpected(bytes);
  const failed = response.status === "failed";
  account(call, response.usage, () => response.output.map(textOf).join("\n"));
  close(call, cancel, failed ? "error" : "ok", reasonOf(response));
  return failed;
}

function account(call, usage, delivered) {
  const { input_tokens: prompt, output_tokens: completion, total_tokens: total } = usage ?? {};
  if (typeof prompt === "number" || typeof completion === "number") call.reported(0, prompt, completion, total);
  else call.delivered(0, delivered());
}

function reasonOf(response) {
  const reason = response?.incomplete_details?.reason ?? response?.status;
  return typeof reason === "string" ? reason : null;
}

function textOf(item) {
  const parts = [item?.content, item?.summary].flatMap((list) => (Array.isArray(list) ? list : []));
  return [item?.name, item?.arguments, ...parts.map((part) => part?.text)].filter((text) => typeof text === "string").join("");
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}
