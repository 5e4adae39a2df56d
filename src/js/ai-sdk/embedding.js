// Embedding models.

import { aboutWhole, asked, modelOf } from "./call.js";

// A gateway accepts as many values per call as OpenAI's API, in a body of at most 4 MiB. The client splits them into smaller requests.
const MOST_VALUES = 2_048;
const MOST_BYTES = 2_000_000;

export const embeddingModel = (client, modelId) => ({
  ...modelOf("embedding", modelId),
  maxEmbeddingsPerCall: MOST_VALUES,
  [Symbol.for("vercel.ai.embeddingModel.maxInputBytesPerCall")]: MOST_BYTES,
  supportsParallelCalls: true,
  async doEmbed(options) {
    const { values, dimensions, providerOptions } = options;
    const body = { model: modelId, input: values, dimensions: dimensions || undefined, encoding_format: "float", ...providerOptions?.huggingface };
    const call = await asked(client().embeddings, body, options);
    const { data, usage } = call.data;
    return {
      ...(await aboutWhole(call)),
      embeddings: data.map(({ embedding }) => embedding),
      usage: usage.source === "reported" ? { tokens: usage.prompt_tokens } : undefined,
    };
  },
});
