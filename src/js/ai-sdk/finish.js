// How an answer ended and what it took, in the SDK's words.

const REASONS = {
  stop: "stop", eos: "stop", eos_token: "stop", stop_sequence: "stop", end_turn: "stop",
  length: "length", max_tokens: "length",
  content_filter: "content-filter",
  tool_calls: "tool-calls", function_call: "tool-calls", tool_use: "tool-calls",
  error: "error",
};

/** Some servers say "stop" although they call tools, or nothing at all. */
export function finishOf(reason, { hasCalls = false, hasRefusal = false } = {}) {
  const raw = typeof reason === "string" && reason !== "" ? reason : undefined;
  let unified = (Object.hasOwn(REASONS, raw) && REASONS[raw]) || "other";
  if (hasCalls && ["stop", "other"].includes(unified)) unified = "tool-calls";
  else if (hasRefusal && unified === "stop") unified = "content-filter";
  return { unified, raw };
}

/** Whether an error says that a stream was cut. A gateway says it in a frame of its own. */
export const isCut = (error) => error?.name === "StreamTruncatedError" || error?.code === "upstream_truncated";

const count = (...values) => values.find((value) => typeof value === "number" && Number.isFinite(value) && value >= 0);
const less = (total, ...parts) => (total === undefined || parts[0] === undefined ? undefined : Math.max(0, parts.reduce((left, part = 0) => left - part, total)));

/** What the server has not told is undefined. */
export function usageOf(usage) {
  const { prompt_tokens_details: ofPrompt, completion_tokens_details: ofAnswer } = usage ?? {};
  const [prompt, answer] = [count(usage?.prompt_tokens), count(usage?.completion_tokens)];
  const cached = count(ofPrompt?.cached_tokens, usage?.cached_tokens, usage?.prompt_cache_hit_tokens);
  const reasoning = count(ofAnswer?.reasoning_tokens, usage?.reasoning_tokens);
  return {
    inputTokens: {
      total: prompt,
      noCache: less(prompt, cached),
      cacheRead: cached,
      cacheWrite: count(ofPrompt?.cache_write_tokens, usage?.cache_write_tokens),
    },
    outputTokens: { total: answer, text: less(answer, reasoning), reasoning },
    ...(usage && { raw: usage }),
  };
}

/** What an answer says of itself. */
export function identityOf({ id, created, model }) {
  return {
    ...(id && { id }),
    ...(model && { modelId: model }),
    ...(typeof created === "number" && created > 0 && { timestamp: new Date(created * 1000) }),
  };
}
