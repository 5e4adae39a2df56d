// The client that the gateway uses. It comes from the package's entry that the gateway's entry imports and that has loaded the module.

export let APIError, APIUserAbortError, BudgetExceededError, ConfigError, LimitExceededError, StreamError, StreamTruncatedError;
export let APIS, ClientHandle, Decoder, GATEWAY, MemoryStore, SseDecoder, answerOf, around, catalogue, check, clientOptions, close, dataText, embedded, estimateTokens,
  exchange, generated, hooked, parseJson, readBody, readable, redacted, requestOptions, rerank, responseInfo, settleWhole;

/** Is called once by the entry. The errors are members of the client; internals.js lists the other functions. */
export function runOn(client, internals) {
  ({ APIError, APIUserAbortError, BudgetExceededError, ConfigError, LimitExceededError, StreamError, StreamTruncatedError } = client);
  ({
    APIS, ClientHandle, Decoder, GATEWAY, MemoryStore, SseDecoder, answerOf, around, catalogue, check, clientOptions, close, dataText, embedded, estimateTokens,
    exchange, generated, hooked, parseJson, readBody, readable, redacted, requestOptions, rerank, responseInfo, settleWhole,
  } = internals);
}
