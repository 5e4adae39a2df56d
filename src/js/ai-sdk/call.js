// What every kind of model does around its call: the options of one call, and what came of it.

import { forSdk, isRefusal, recordOf } from "./error.js";
import { identityOf } from "./finish.js";

/**
 * Makes one call of the SDK's. Where a form was asked for, a stream's first chunk has come: text-generation-inference refuses a form no sooner.
 * Any other failure is the stream's own, and is told where it is read.
 */
export async function asked(api, body, { abortSignal, headers, providerOptions }, form) {
  try {
    // The SDK adds its name to user-agent; in a page a header that the server doesn't list would stop the request.
    const sent = globalThis.location ? { ...headers, "user-agent": undefined } : headers;
    const pending = api.create(body, { ...providerOptions?.hfetch, signal: abortSignal, headers: sent });
    const { data, response } = await pending.withResponse();
    const chunks = data[Symbol.asyncIterator]?.();
    const first = form && chunks?.next();
    await first?.catch((error) => {
      if (isRefusal(error)) throw error;
    });
    return { data, chunks, first, settled: pending.settled, request: { body }, response: { headers: recordOf(response.headers) } };
  } catch (error) {
    throw forSdk(error, body, abortSignal);
  }
}

/** What a settlement says beside its usage, as plain data. */
export function metadataOf({ cost, provider, requestId, key, attempts, tried = [] }) {
  return { hfetch: { costUsd: cost.usd, costSource: cost.source, provider, requestId, key, attempts, tried } };
}

/** What every model says of a whole answer. */
export async function aboutWhole({ data, settled, request, response, warnings = [] }) {
  return { warnings, providerMetadata: metadataOf(await settled), request, response: { ...identityOf(data), ...response, body: data } };
}
