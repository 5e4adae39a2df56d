// Embedding models.

import { metadataOf, requestOptions } from "./call.js";
import { forSdk } from "./error.js";

// A gateway takes as many values at once as OpenAI's API does, and a body of 4 MiB. The client makes smaller requests of them.
const MOST_VALUES = 2_048;
const MOST_BYTES = 2_000_000;

export function embeddingModel(client, modelId) {
  return {
    specificationVersion: "v4",
    provider: "huggingface.embedding",
    modelId,
    maxEmbeddingsPerCall: MOST_VALUES,
    [Symbol.for("vercel.ai.embeddingModel.maxInputBytesPerCall")]: MOST_BYTES,
    supportsParallelCalls: true,
    async doEmbed(options) {
      const { values, dimensions, providerOptions, abortSignal } = options;
      const body = { model: modelId, input: values, ...(dimensions && { dimensions }), ...providerOptions?.huggingface, encoding_format: "float" };
      try {
        const pending = client().embeddings.create(body, requestOptions(options));
        const { data, response } = await pending.withResponse();
        return {
          embeddings: data.data.map(({ embedding }) => embedding),
          usage: data.usage.source === "reported" ? { tokens: data.usage.prompt_tokens } : undefined,
          providerMetadata: metadataOf(await pending.settled),
          response: { headers: Object.fromEntries(response.headers), body: data },
          warnings: [],
        };
      } catch (error) {
        throw forSdk(error, body, abortSignal);
      }
    },
  };
}
