// Embedding models.

import { answered } from "./call.js";

// A gateway takes as many values at once as OpenAI's API does, and a body of 4 MiB. The client makes smaller requests of them.
const MOST_VALUES = 2_048;
const MOST_BYTES = 2_000_000;

export const embeddingModel = (client, modelId) => ({
  specificationVersion: "v4",
  provider: "huggingface.embedding",
  modelId,
  maxEmbeddingsPerCall: MOST_VALUES,
  [Symbol.for("vercel.ai.embeddingModel.maxInputBytesPerCall")]: MOST_BYTES,
  supportsParallelCalls: true,
  doEmbed(options) {
    const { values, dimensions } = options;
    const body = { model: modelId, input: values, ...(dimensions && { dimensions }), encoding_format: "float" };
    return answered(client().embeddings, body, options, ({ data, usage }) => ({
      embeddings: data.map(({ embedding }) => embedding),
      usage: usage.source === "reported" ? { tokens: usage.prompt_tokens } : undefined,
    }));
  },
});
