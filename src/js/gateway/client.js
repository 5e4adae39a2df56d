// The client that the gateway works with: of the package's entries the one that the gateway's own imports, which has loaded the module.

export let APIError, APIUserAbortError, BudgetExceededError, ConfigError, LimitExceededError, StreamError, StreamTruncatedError;
export let APIS, ClientHandle, Decoder, GATEWAY, MemoryStore, SseDecoder, answerOf, around, catalogue, check, clientOptions, close, dataText, embedded, estimateTokens,
  exchange, generated, hooked, parseJson, readBody, readable, redacted, requestOptions, rerank, responseInfo, settleWhole;

/** Called once, by the entry. Errors are members of the client; what else the gateway takes is named in internals.js. */
export function runOn(client, internals) {
  ({ APIError, APIUserAbortError, BudgetExceededError, ConfigError, LimitExceededError, StreamError, StreamTruncatedError } = client);
  ({
    APIS, ClientHandle, Decoder, GATEWAY, MemoryStore, SseDecoder, answerOf, around, catalogue, check, clientOptions, close, dataText, embedded, estimateTokens,
    exchange, generated, hooked, parseJson, readBody, readable, redacted, requestOptions, rerank, responseInfo, settleWhole,
  } = internals);
}
