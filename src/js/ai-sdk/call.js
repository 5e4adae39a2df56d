// What every kind of model does around its call: the options of one call, and what came of it.

/** The client's options for one call of the SDK's. */
export function requestOptions({ abortSignal, headers, providerOptions }) {
  return { ...providerOptions?.hfetch, signal: abortSignal, headers: sendable(headers) };
}

// The SDK adds its name to user-agent; in a page a header that the server doesn't list would stop the request.
function sendable(headers = {}) {
  const isPage = typeof globalThis.location === "object" && typeof globalThis.navigator === "object";
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && value !== null && !(isPage && /^user-agent$/i.test(name)));
  return Object.fromEntries(kept);
}

/** What a settlement says beside its usage, as plain data. */
export function metadataOf({ cost, provider, requestId, key, attempts, tried = [] }) {
  return { hfetch: { costUsd: cost.usd, costSource: cost.source, provider, requestId, key, attempts, tried } };
}
