// Errors as the AI SDK knows them. It looks for symbols and at no class, so that nothing of it is imported.

/** An error of the SDK's own. */
export const sdkError = (name, message, fields) => marked(Object.assign(new Error(message), { name }), name, fields);

function marked(error, name, fields) {
  for (const mark of ["", name && `.${name}`]) Object.defineProperty(error, Symbol.for(`vercel.ai.error${mark}`), { value: true });
  return Object.assign(error, fields);
}

/**
 * What a call failed with, for the SDK: the client's own error with the SDK's symbols on it. `body` is what was asked for, `signal`
 * the caller's. `isRetryable` is false, since the client has tried again already, and the SDK's tries would multiply its own.
 */
export function forSdk(error, body, signal) {
  const { name, path } = error ?? {};
  // As fetch does it: whoever aborts gets his reason back.
  if (signal?.aborted && name === "APIUserAbortError") return signal.reason;
  if (name === "ConfigError") return path === "apiKey" ? marked(error, "AI_LoadAPIKeyError") : marked(error, "AI_InvalidArgumentError", { parameter: path });
  if (/^(Limit|Budget)ExceededError$/.test(name)) return marked(error, "", { isRetryable: false });
  if (error?.attempts === undefined) return error;
  const { status, headers, body: answer } = error;
  return marked(error, "AI_APICallError", {
    url: "",
    requestBodyValues: body,
    statusCode: status,
    responseHeaders: recordOf(headers),
    responseBody: typeof answer === "string" ? answer : JSON.stringify(answer),
    data: answer,
    isRetryable: false,
  });
}

/** Headers as plain data, as far as they tell which there are: a fetch of the program's own may give some that don't. */
export const recordOf = (headers) => (headers?.[Symbol.iterator] ? Object.fromEntries(headers) : undefined);

/** Whether a server has refused what it was asked. One that has begun a stream well says the status in a frame. */
export const isRefusal = (error) => /400|422/.test([error?.status, error?.error?.http_status_code]);
