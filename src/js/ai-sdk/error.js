// Errors in the form that the AI SDK recognises. It checks symbols and no classes, so nothing of the SDK is imported.

/** An error of one of the SDK's own kinds. */
export const sdkError = (name, message, fields) => marked(Object.assign(new Error(message), { name }), name, fields);

function marked(error, name, fields) {
  for (const mark of ["", name && `.${name}`]) Object.defineProperty(error, Symbol.for(`vercel.ai.error${mark}`), { value: true });
  return Object.assign(error, fields);
}

/**
 * A call's failure for the SDK: the client's own error with the SDK's symbols. `body` is the request's body, `signal` the caller's signal. `isRetryable` is
 * false, because the client has already retried, and retries of the SDK would multiply.
 */
export function forSdk(error, body, signal) {
  const { name, path } = error ?? {};
  // Like fetch, this gives the caller the reason of their own abort.
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

/** Headers as plain data, if they can be listed: a program's own fetch may return others. */
export const recordOf = (headers) => (headers?.[Symbol.iterator] ? Object.fromEntries(headers) : undefined);

/** Whether a server has refused the request. If a stream had already begun, the status is in an error event. */
export const isRefusal = (error) => /400|422/.test([error?.status, error?.error?.http_status_code]);
