// How an answer ended and what it used, in the AI SDK's terms.

export const REASONS = {
  __proto__: null,
  stop: "stop", eos: "stop", eos_token: "stop", stop_sequence: "stop", end_turn: "stop",
  length: "length", max_tokens: "length",
  content_filter: "content-filter",
  tool_calls: "tool-calls", function_call: "tool-calls", tool_use: "tool-calls",
  error: "error",
};

/** The finish reason of an answer that failed. */
export const failureOf = (error) => (isCut(error) ? "interrupted" : "error");

/** Whether an error means that a stream was cut off. A gateway reports that with a code of its own. */
export const isCut = (error) => error?.name === "StreamTruncatedError" || error?.code === "upstream_truncated";

const count = (...values) => values.find((value) => Number.isFinite(value) && value >= 0);
const less = (total, part) => count(Math.max(0, total - part));

/** The usage; a count that the server didn't report is undefined. */
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

/** The id, time and model of an answer. */
export function identityOf({ id, created, model }) {
  return {
    ...(id && { id }),
    ...(model && { modelId: model }),
    ...(created > 0 && { timestamp: new Date(created * 1000) }),
  };
}
