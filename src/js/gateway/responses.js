// Reads answers of the Responses API for the settlement only: their end, their usage, and an estimate of what they delivered if no usage is reported.

import { SseDecoder, StreamError, StreamTruncatedError, close, estimateTokens, parseJson, redacted } from "./client.js";

export const ENDS = ["response.completed", "response.incomplete"];
const ITEM = "response.output_item.done";
export const FAILURES = ["response.failed", "error"];
const COUNTED = 16_384; // characters
const LONGEST_TAIL = 1_048_576; // bytes after the end; a body that sends more than this would never end
const BREAK = Uint8Array.of(10, 10);

/** Has the members of a Decoder that a Pump uses. */
export class ResponseDecoder {
  ended = false;
  delivered_any = false;
  tail = false;
  failed = false;
  has_event = false;
  sequence = 0; // the sequence number that the next event would have
  #events;
  #usage = null;
  #text = ""; // what has been delivered since the last count
  #before = { characters: 0, tokens: 0 }; // counted before that
  #pieces = false; // whether the current item has arrived in pieces
  #reported = false; // whether an event has reported a failure
  #words = undefined; // what that event said
  #hasFinish = false;
  #tail = 0; // bytes since the end
  #finishReason = null;

  constructor(maxEventBytes) {
    this.#events = new SseDecoder({ maxEventBytes });
  }

  push(bytes) {
    for (const { event, data } of this.#events.push(bytes)) {
      this.has_event = true;
      if (!this.ended) this.#read(event, data);
    }
    if (this.#hasFinish) this.#tail += bytes.byteLength;
    this.ended ||= this.#tail > LONGEST_TAIL;
    return [];
  }

  end() {
    // The last event may lack its blank line.
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
    const piece = typeof delta === "string" ? delta : "";
    this.#said(type === ITEM && !this.#pieces ? textOf(event.item) : piece);
    this.#pieces = type !== ITEM && (this.#pieces || piece !== "");
    this.#usage = countsOf(response?.usage) ?? this.#usage;
    if (ENDS.includes(type)) {
      // The body is read to its end, since some servers also send [DONE].
      this.#hasFinish = true;
      this.#finishReason = reasonOf(response);
      if (!this.delivered_any) this.#said(textsOf(response));
    } else if (FAILURES.includes(type)) {
      this.#reported = this.failed = this.ended = true;
      this.#words = response?.error?.message ?? event.message ?? event.error?.message;
    }
  }

  #said(text) {
    this.delivered_any ||= text !== "";
    this.#text += text;
    if (this.#text.length > COUNTED) this.#count();
  }

  // The text is dropped after counting, so that a long answer takes no more memory than a short one.
  #count() {
    this.#before.characters += this.#text.length;
    this.#before.tokens += estimateTokens(this.#text);
    this.#text = "";
  }

  fault({ secrets }) {
    if (!this.#reported) return new StreamTruncatedError("the stream ended without response.completed: the answer is not whole", { partial: null });
    return new StreamError(typeof this.#words === "string" ? redacted(this.#words, secrets) : "the server reported a failure", { partial: null });
  }

  account(call, whole) {
    account(call, this.#usage, this.#text, whole, this.#before);
    this.#events.end();
    return { finishReason: this.#finishReason };
  }

  partial() {
    return null;
  }
}

/** Ends a call with its whole answer; returns whether the answer reports a failure. */
export function settleResponse(call, cancel, bytes) {
  const response = parse(new TextDecoder().decode(bytes));
  if (!Array.isArray(response?.output)) throw call.unexpected(bytes);
  const failed = response.status === "failed";
  account(call, response.usage, textsOf(response), true);
  close(call, cancel, failed ? "error" : "ok", reasonOf(response));
  return failed;
}

// Copies the counts, so that the event's other members can be freed.
function countsOf(usage) {
  if (usage === null || typeof usage !== "object") return undefined;
  const { input_tokens, output_tokens, total_tokens, cost, estimated_cost, input_tokens_details, output_tokens_details } = usage;
  return { input_tokens, output_tokens, total_tokens, cost, estimated_cost, input_tokens_details, output_tokens_details };
}

function account(call, usage, delivered, whole, before) {
  const { input_tokens: prompt, output_tokens: completion, total_tokens: total } = usage ?? {};
  call.took(0, [prompt, completion, total], delivered, whole, before, usage);
}

function reasonOf(response) {
  const reason = response?.incomplete_details?.reason ?? response?.status;
  return typeof reason === "string" ? reason : null;
}

const textsOf = (response) => (Array.isArray(response?.output) ? response.output.map(textOf).join("\n") : "");

function textOf(item) {
  const parts = [item?.content, item?.summary].flatMap((list) => (Array.isArray(list) ? list : []));
  return [item?.name, item?.arguments, ...parts.map((part) => part?.text)].filter((text) => typeof text === "string").join("");
}

function parse(text) {
  try {
    const value = parseJson(text);
    return value !== null && typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}
