// The public names.

export { HuggingFace, HuggingFace as default } from "./client.js";
export { internals, sdkInternals } from "./internals.js";
export { ChatStream } from "./stream.js";
export {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  BudgetExceededError,
  ConfigError,
  ConflictError,
  HfetchError,
  InternalServerError,
  LimitExceededError,
  ModelLoadingError,
  NotFoundError,
  PaymentRequiredError,
  PermissionDeniedError,
  RateLimitError,
  StreamError,
  StreamTruncatedError,
  StructuredOutputError,
  UnprocessableEntityError,
} from "./error.js";
export { FREE_TIER, RateLimiter, cost, estimateTokens, retryDelay, storageStore } from "./policy.js";
export { reasoningOf } from "./reasoning.js";
export { SseDecoder } from "./sse.js";
export { ToolRun } from "./tools/run.js";
export { ticketKey } from "./ticket_key.js";
export { version } from "./hfetch_bg.js";
export { MODELS } from "./models.js";
