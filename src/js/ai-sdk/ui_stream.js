// The Response that useChat reads, a UI message stream, made without the `ai` package.

import { must, readable } from "./client.js";
import { failureOf, isCut } from "./finish.js";
import { UIFrames } from "./ui_frames.js";

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache",
  "x-vercel-ai-ui-message-stream": "v1",
  "x-accel-buffering": "no", // keeps nginx from holding frames back
};

const TOO_MANY = "There are too many requests. Try again later.";
// The words that a page's visitor reads about an error. They name no server, account or limit.
const WORDS = {
  __proto__: null,
  APIConnectionTimeoutError: "The model took too long.",
  APIConnectionError: "The model's server can't be reached.",
  StreamTruncatedError: "The answer broke off before its end.",
  ModelLoadingError: "The model is still loading. Try again later.",
  RateLimitError: TOO_MANY,
  LimitExceededError: TOO_MANY,
  StructuredOutputError: "The arguments of the call can't be used.",
  BudgetExceededError: "The budget is used up.",
};

/** Turns a ChatStream or a ToolRun, or the promise of one, into the Response that useChat reads. */
export function toUIMessageStreamResponse(source, { status, statusText, headers, ...options } = {}) {
  const isPromise = typeof source?.then === "function";
  must(isPromise || typeof source?.[Symbol.asyncIterator] === "function", "source", "a ChatStream or a ToolRun, or the promise of one");
  const all = new Headers(headers);
  for (const [name, value] of Object.entries(HEADERS)) if (!all.has(name)) all.set(name, value);
  // The iterator is made at once, since a tool run reports its beginning only to readers that exist by then.
  const open = (stream) => ({ stream, items: stream[Symbol.asyncIterator]() });
  const opening = isPromise ? Promise.resolve(source).then(open) : Promise.resolve(open(source));
  // If nobody reads the body, a failure must not count as unhandled.
  opening.catch(() => {});
  const abort = (reason) => opening.then(({ stream }) => stream.abort?.(reason), () => {});
  const frames = written(framesOf(source, opening, abort, options));
  // The reader has left, so the call is aborted: now, or as soon as its stream exists.
  const cancel = (reason) => {
    abort(reason);
    frames.return().catch(() => {});
  };
  return new Response(readable(frames, cancel), { status, statusText, headers: all });
}

async function* written(lists) {
  const encode = (...texts) => new TextEncoder().encode(texts.map((text) => `data: ${text}\n\n`).join(""));
  for await (const frames of lists) if (frames.length > 0) yield encode(...frames.map(textOf));
  yield encode("[DONE]");
}

// Yields lists of frames, each as soon as it is known.
async function* framesOf(source, opening, abort, { sendReasoning, sendStart = true, sendFinish = true, messageMetadata, onError, originalMessages, generateMessageId }) {
  const words = (error, otherwise) => wordsOf(error, otherwise, onError);
  const frames = new UIFrames(sendReasoning, (error) => words(error, "The tool failed."));
  let failure = null;
  try {
    // If the last message is the assistant's, the answer continues it.
    const last = originalMessages?.at(-1);
    const start = { type: "start", messageId: last?.role === "assistant" ? last.id : generateMessageId?.() };
    if (sendStart) yield [{ ...start, messageMetadata: messageMetadata?.({ part: start }) }];
    const { stream, items } = await opening;
    for await (const item of { [Symbol.asyncIterator]: () => items }) yield frames.take(item);
    yield frames.end(await stream.final?.());
  } catch (error) {
    failure = error;
    // The failure may have happened in this function, so the call is aborted.
    abort();
    yield frames.end();
  }
  const { settled } = source.settled ? source : await opening.then(({ stream }) => stream, () => ({}));
  const settlement = await settled;
  if (/^(APIUser)?AbortError$/.test(failure?.name)) return yield [{ type: "message-metadata", messageMetadata: about(settlement) ?? {} }, { type: "abort" }];
  // A stream that was cut off gets both frames: the finish frame keeps the answer so far, and the error frame tells the page that it isn't complete.
  const finish = { type: "finish", finishReason: failure === null ? frames.finishReason : failureOf(failure) };
  try {
    const { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: totalTokens } = settlement?.usage ?? {};
    const part = { ...finish, settlement, totalUsage: { inputTokens, outputTokens, totalTokens } };
    if (sendFinish) yield [{ ...finish, messageMetadata: messageMetadata ? messageMetadata({ part }) : about(settlement) }];
  } catch (error) {
    failure ??= error;
  }
  if (failure !== null) yield [{ type: "error", errorText: words(failure, "The answer failed.") }];
}

const TOLD = ["model", "provider", "usage", "cost", "firstTokenMs", "durationMs", "requestId"];
const about = (settlement) => settlement && Object.fromEntries(TOLD.map((name) => [name, settlement[name]]));

function wordsOf(error, otherwise, onError) {
  try {
    const words = onError?.(error);
    if (typeof words === "string") return words;
  } catch {
    // The package's own words are used.
  }
  return WORDS[isCut(error) ? "StreamTruncatedError" : error?.name] ?? otherwise;
}

function textOf(frame) {
  try {
    return JSON.stringify(frame);
  } catch {
    // A tool's result or metadata contains a reference cycle or a BigInt.
    const { type, toolCallId } = frame;
    if (type !== "tool-output-available") return JSON.stringify({ ...frame, messageMetadata: undefined });
    return JSON.stringify({ type: "tool-output-error", toolCallId, errorText: "The tool's result can't be written as JSON." });
  }
}
