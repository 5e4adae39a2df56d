// Frames that occur in no healthy stream.
import { DONE, dataFrame } from "./answer.mjs";

const HEAD = { id: "chatcmpl-fault", object: "chat.completion.chunk", created: 1790000000, model: "stand-in/fault" };

/** The five recorded forms of an error in the middle of a stream. */
export function errorFrames(shape) {
  switch (shape) {
    case 1: // TGI chat: 422 for every cause, followed by [DONE]
      return [dataFrame({ error: { message: "Request failed during generation: CUDA error", http_status_code: 422 } }), DONE];
    case 2: // TGI generate_stream: no space, no [DONE]
      return [`data:${JSON.stringify({ error: "Model is overloaded", error_type: "overloaded" })}\n\n`];
    case 3: // Groq
      return [`event: error\n${dataFrame({ error: { message: "Tool call validation failed", type: "invalid_request_error", code: "tool_use_failed", status_code: 400 } })}`];
    case 4: // aggregators: an ordinary chunk with an error next to its choices
      return [
        dataFrame({ ...HEAD, error: { code: 400, message: "Token limit reached" }, choices: [{ index: 0, delta: { content: "" }, finish_reason: null }] }),
        dataFrame({ ...HEAD, choices: [], usage: { prompt_tokens: 43, completion_tokens: 10, total_tokens: 53 } }),
        DONE,
      ];
    case 5: // DeepInfra
      return [dataFrame({ ...HEAD, choices: null, error_type: "engine_overloaded", error_message: "The engine is currently overloaded" })];
    default:
      throw new RangeError(`errorFrame: 1 to 5, not ${shape}`);
  }
}

/** One event whose text has `bytes` bytes. */
export function giantFrame(bytes) {
  return dataFrame({ ...HEAD, choices: [{ index: 0, delta: { content: "g".repeat(bytes) }, finish_reason: null }] });
}
