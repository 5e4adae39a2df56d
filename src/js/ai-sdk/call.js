// What every kind of model does around its call: the options of one call, and what came of it.

import { forSdk, recordOf } from "./error.js";

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

/** Asks for a whole answer: what `shape` makes of it, and what is known of the call. */
export async function answered(api, asked, options, shape) {
  const body = { ...asked, ...options.providerOptions?.huggingface };
  try {
    const pending = api.create(body, requestOptions(options));
    const { data, response } = await pending.withResponse();
    const providerMetadata = metadataOf(await pending.settled);
    return { warnings: [], ...shape(data), providerMetadata, response: { modelId: data.model, headers: recordOf(response.headers), body: data } };
  } catch (error) {
    throw forSdk(error, body, options.abortSignal);
  }
}
