// The answer that useChat reads, made without the `ai` package: a UI message stream as a Response.

import { HuggingFace } from "./client.js";
import { isCut } from "./finish.js";
import { UIFrames } from "./ui_frames.js";

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache",
  "x-vercel-ai-ui-message-stream": "v1",
  "x-accel-buffering": "no", // nginx would hold frames back
};

// What a visitor of a page may know of an error: no name of a server, an account or a limit.
const WORDS = {
  APIConnectionTimeoutError: "The model took too long to answer.",
  APIConnectionError: "The model's server can't be reached.",
  StreamTruncatedError: "The answer broke off before its end.",
  ModelLoadingError: "The model is still loading. Try again in a moment.",
  RateLimitError: "There are too many requests at the moment. Try again later.",
  LimitExceededError: "There are too many requests at the moment. Try again later.",
  StructuredOutputError: "The arguments of the call can't be used.",
  BudgetExceededError: "The budget for answers is used up.",
};

/** A ChatStream or a ToolRun, or the promise of one, as the Response that useChat reads. */
export function toUIMessageStreamResponse(source, init) {
  const { status, statusText, headers, ...options } = init ?? {};
  if (typeof source?.then !== "function" && typeof source?.[Symbol.asyncIterator] !== "function") {
    throw new HuggingFace.ConfigError("source: a ChatStream or a ToolRun, or the promise of one, is expected", { path: "source" });
  }
  const all = new Headers(headers);
  for (const [name, value] of Object.entries(HEADERS)) if (!all.has(name)) all.set(name, value);
  return new Response(bodyOf(source, options), { status, statusText, headers: all });
}

function bodyOf(source, options) {
  let left;
  let opened;
  const open = (stream) => {
    opened = stream;
    if (left) left();
    // At once: a run of tools tells of its beginning to those who listen by then.
    return { stream, items: stream[Symbol.asyncIterator]() };
  };
  const opening = typeof source.then === "function" ? Promise.resolve(source).then(open) : Promise.resolve(open(source));
  // A body that nobody reads hears of no failure.
  opening.then(undefined, () => {});
  const parts = framesOf(source, opening, options);
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        let news;
        do news = await parts.next();
        while (news.value?.length === 0);
        const { value, done } = news;
        if (left) return;
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value.map((frame) => `data: ${frame === DONE ? DONE : written(frame)}\n\n`).join("")));
      },
      // Whoever reads has left: the call ends as one that was stopped, now or as soon as there is a stream to be stopped.
      cancel(reason) {
        left = () => opened.abort?.(reason);
        if (opened !== undefined) left();
        parts.return().catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
}

const DONE = "[DONE]";

// Lists of frames, each as soon as it is known.
async function* framesOf(source, opening, options) {
  const words = (error, otherwise) => wordsOf(error, otherwise, options.onError);
  const frames = new UIFrames({ sendReasoning: options.sendReasoning, errorText: (error) => words(error, "The tool failed.") });
  const start = { type: "start", messageId: messageIdOf(options) };
  let failure = null;
  try {
    if (options.sendStart !== false) yield [{ ...start, messageMetadata: options.messageMetadata?.({ part: start }) }];
    const { stream, items } = await opening;
    for await (const item of { [Symbol.asyncIterator]: () => items }) yield frames.take(item);
    yield frames.rest(await stream.final?.());
  } catch (error) {
    failure = error;
    // What failed may be what was made of it here.
    opening.then(({ stream }) => stream.abort?.(), () => {});
    yield frames.break();
  }
  const settlement = await settlementOf(source, opening);
  if (isAbort(failure)) yield [{ type: "message-metadata", messageMetadata: about(settlement) ?? {} }, { type: "abort" }, DONE];
  else yield ending(failure, frames.finishReason, settlement, options, words);
}

// A stream that was cut is told as both: the answer so far is kept under its reason, and the page hears that it is not whole.
function ending(failure, reason, settlement, { messageMetadata, sendFinish }, words) {
  const finishReason = failure === null ? reason : isCut(failure) ? "interrupted" : "error";
  const finish = { type: "finish", finishReason };
  const frames = [];
  try {
    const part = { ...finish, settlement, totalUsage: totalUsageOf(settlement?.usage) };
    if (sendFinish !== false) frames.push({ ...finish, messageMetadata: messageMetadata === undefined ? about(settlement) : messageMetadata({ part }) });
  } catch (error) {
    failure ??= error;
  }
  if (failure !== null) frames.push({ type: "error", errorText: words(failure, "The answer failed.") });
  return [...frames, DONE];
}

// An answer goes on where the last message is the assistant's own.
function messageIdOf({ originalMessages, generateMessageId }) {
  const last = originalMessages?.at(-1);
  return last?.role === "assistant" ? last.id : generateMessageId?.();
}

async function settlementOf(source, opening) {
  try {
    return await (source.settled ?? (await opening).stream.settled);
  } catch {
    return undefined;
  }
}

function about(settlement) {
  if (settlement === undefined) return undefined;
  const { model, provider, usage, cost, firstTokenMs, durationMs, requestId } = settlement;
  return { model, provider, usage, cost, firstTokenMs, durationMs, requestId };
}

const totalUsageOf = (usage) => ({ inputTokens: usage?.prompt_tokens, outputTokens: usage?.completion_tokens, totalTokens: usage?.total_tokens });

const isAbort = (error) => error?.name === "APIUserAbortError" || error?.name === "AbortError";

function wordsOf(error, otherwise, onError) {
  try {
    const words = onError?.(error);
    if (typeof words === "string") return words;
  } catch {
    // The words of the package are left.
  }
  const name = isCut(error) ? "StreamTruncatedError" : error?.name;
  return Object.hasOwn(WORDS, name) ? WORDS[name] : otherwise;
}

function written(frame) {
  try {
    return JSON.stringify(frame);
  } catch {
    // What a tool gave, or metadata, with a loop or a big integer in it.
    const { messageMetadata: _, ...rest } = frame;
    if (frame.type !== "tool-output-available") return JSON.stringify(rest);
    return JSON.stringify({ type: "tool-output-error", toolCallId: frame.toolCallId, errorText: "The tool's result can't be written as JSON." });
  }
}
