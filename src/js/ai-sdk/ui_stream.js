// The answer that useChat reads, made without the `ai` package: a UI message stream as a Response.

import { must, readable } from "./client.js";
import { failureOf, isCut } from "./finish.js";
import { UIFrames } from "./ui_frames.js";

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache",
  "x-vercel-ai-ui-message-stream": "v1",
  "x-accel-buffering": "no", // nginx would hold frames back
};

const TOO_MANY = "There are too many requests. Try again later.";
// What a visitor of a page may know of an error: no name of a server, an account or a limit.
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

/** A ChatStream or a ToolRun, or the promise of one, as the Response that useChat reads. */
export function toUIMessageStreamResponse(source, { status, statusText, headers, ...options } = {}) {
  const isPromise = typeof source?.then === "function";
  must(isPromise || typeof source?.[Symbol.asyncIterator] === "function", "source", "a ChatStream or a ToolRun, or the promise of one");
  const all = new Headers(headers);
  for (const [name, value] of Object.entries(HEADERS)) if (!all.has(name)) all.set(name, value);
  // Its items at once: a run of tools tells of its beginning to those who listen by then.
  const open = (stream) => ({ stream, items: stream[Symbol.asyncIterator]() });
  const opening = isPromise ? Promise.resolve(source).then(open) : Promise.resolve(open(source));
  // A body that nobody reads hears of no failure.
  opening.catch(() => {});
  const abort = (reason) => opening.then(({ stream }) => stream.abort?.(reason), () => {});
  const frames = written(framesOf(source, opening, abort, options));
  // Whoever reads has left: the call ends as one that was stopped, now or as soon as there is a stream to be stopped.
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

// Lists of frames, each as soon as it is known.
async function* framesOf(source, opening, abort, { sendReasoning, sendStart = true, sendFinish = true, messageMetadata, onError, originalMessages, generateMessageId }) {
  const words = (error, otherwise) => wordsOf(error, otherwise, onError);
  const frames = new UIFrames(sendReasoning, (error) => words(error, "The tool failed."));
  let failure = null;
  try {
    // An answer goes on where the last message is the assistant's own.
    const last = originalMessages?.at(-1);
    const start = { type: "start", messageId: last?.role === "assistant" ? last.id : generateMessageId?.() };
    if (sendStart) yield [{ ...start, messageMetadata: messageMetadata?.({ part: start }) }];
    const { stream, items } = await opening;
    for await (const item of { [Symbol.asyncIterator]: () => items }) yield frames.take(item);
    yield frames.end(await stream.final?.());
  } catch (error) {
    failure = error;
    // What failed may be what was made of it here.
    abort();
    yield frames.end();
  }
  const { settled } = source.settled ? source : await opening.then(({ stream }) => stream, () => ({}));
  const settlement = await settled;
  if (/^(APIUser)?AbortError$/.test(failure?.name)) return yield [{ type: "message-metadata", messageMetadata: about(settlement) ?? {} }, { type: "abort" }];
  // A stream that was cut is told as both: the answer so far is kept under its reason, and the page hears that it is not whole.
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
    // The words of the package are left.
  }
  return WORDS[isCut(error) ? "StreamTruncatedError" : error?.name] ?? otherwise;
}

function textOf(frame) {
  try {
    return JSON.stringify(frame);
  } catch {
    // What a tool gave, or metadata, with a loop or a big integer in it.
    const { type, toolCallId } = frame;
    if (type !== "tool-output-available") return JSON.stringify({ ...frame, messageMetadata: undefined });
    return JSON.stringify({ type: "tool-output-error", toolCallId, errorText: "The tool's result can't be written as JSON." });
  }
}
