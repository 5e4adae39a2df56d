// The parts that all kinds of models share: the options of one call, and the record of its result.

import { forSdk, isRefusal, recordOf } from "./error.js";
import { identityOf } from "./finish.js";

/**
 * Makes one call for the SDK. If a JSON form was requested, this waits for a stream's first chunk, since text-generation-inference refuses a form only
 * then. Any other failure belongs to the stream and is reported where it is read.
 */
export async function asked(api, body, { abortSignal, headers, providerOptions }, form) {
  try {
    // The SDK adds its name to user-agent. In a page, a server that doesn't allow this header would make the request fail.
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

/** What every model says of itself. */
export const modelOf = (kind, modelId) => ({ specificationVersion: "v4", provider: `huggingface.${kind}`, modelId });

/** The settlement without its usage, as plain data. */
export function metadataOf({ cost, provider, requestId, key, attempts, tried = [] }) {
  return { hfetch: { costUsd: cost.usd, costSource: cost.source, provider, requestId, key, attempts, tried } };
}

/** The common members of a whole answer. */
export async function aboutWhole({ data, settled, request, response, warnings = [] }) {
  return { warnings, providerMetadata: metadataOf(await settled), request, response: { ...identityOf(data), ...response, body: data } };
}
