// The client that the gateway works with: of the package's entries the one beside the gateway's own, which has loaded the module.

export let APIError, APIUserAbortError, BudgetExceededError, ConfigError, LimitExceededError, StreamError, StreamTruncatedError;
export let APIS, Body, ChunkReader, ClientHandle, Decoder, FOLD, Pump, SseDecoder, StoreHandle, around, catalogue, clientOptions, close, dataText,
  embed, estimateTokens, fail, hooked, open, parseJson, push, readBatch, readBody, readable, redacted, requestOptions, responseInfo, settleWhole, settlement;

/** Called once, by the entry. Errors are members of the client; what else the gateway takes is named in internals.js. */
export function runOn(client) {
  ({ APIError, APIUserAbortError, BudgetExceededError, ConfigError, LimitExceededError, StreamError, StreamTruncatedError } = client);
  ({
    APIS, Body, ChunkReader, ClientHandle, Decoder, FOLD, Pump, SseDecoder, StoreHandle, around, catalogue, clientOptions, close, dataText,
    embed, estimateTokens, fail, hooked, open, parseJson, push, readBatch, readBody, readable, redacted, requestOptions, responseInfo, settleWhole, settlement,
  } = client[Symbol.for("hfetch.internals")] ?? {});
}
