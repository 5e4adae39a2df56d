// Errors as the AI SDK knows them. It looks for symbols and at no class, so that nothing of it is imported.

const MARK = "vercel.ai.error";

/** An error of the SDK's own. */
export const sdkError = (name, message, fields) => marked(Object.assign(new Error(message), { name }), name, fields);

function marked(error, name, fields) {
  const symbols = [MARK, ...(name ? [`${MARK}.${name}`] : [])].map((text) => [Symbol.for(text), { value: true, configurable: true }]);
  Object.defineProperties(error, Object.fromEntries(symbols));
  return Object.assign(error, fields);
}

/**
 * What a call failed with, for the SDK: the client's own error with the SDK's symbols on it. `body` is what was asked for, `signal`
 * the caller's. `isRetryable` is false, since the client has tried again already, and the SDK's tries would multiply its own.
 */
export function forSdk(error, body, signal) {
  // As fetch does it: whoever aborts gets his reason back.
  if (signal?.aborted && error?.name === "APIUserAbortError") return signal.reason;
  switch (error?.name) {
    case "ConfigError":
      return error.path === "apiKey" ? marked(error, "AI_LoadAPIKeyError") : marked(error, "AI_InvalidArgumentError", { parameter: error.path });
    case "LimitExceededError":
    case "BudgetExceededError":
      return marked(error, undefined, { isRetryable: false });
    default:
      return error !== null && typeof error === "object" && "attempts" in error ? marked(error, "AI_APICallError", ofCall(error, body)) : error;
  }
}

function ofCall({ status, headers, body: answer }, body) {
  return {
    url: "",
    requestBodyValues: body,
    statusCode: status,
    responseHeaders: recordOf(headers),
    responseBody: answer === undefined || typeof answer === "string" ? answer : JSON.stringify(answer),
    data: answer,
    isRetryable: false,
  };
}

/** Headers as plain data, as far as they tell which there are: a fetch of the program's own may give some that don't. */
export const recordOf = (headers) => (typeof headers?.[Symbol.iterator] === "function" ? Object.fromEntries(headers) : undefined);
