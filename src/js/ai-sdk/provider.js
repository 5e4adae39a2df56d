// The provider: one client, and the models that the AI SDK asks it for.

import { HuggingFace } from "./client.js";
import { embeddingModel } from "./embedding.js";
import { sdkError } from "./error.js";
import { chatModel, completionModel } from "./language.js";
import { rerankingModel } from "./reranking.js";

/** Takes the client's options, or a client. */
export function createHuggingFace(options) {
  // By shape: a client of another copy of this package is one too.
  const client = typeof options?.chat?.completions?.create === "function" ? options : new HuggingFace(options);
  return providerOf(() => client);
}

let own;

/** Made on first use: whoever only loads the module needs no key. */
export const huggingface = /* @__PURE__ */ providerOf(() => (own ??= new HuggingFace()));

function providerOf(client) {
  const none = (modelType) => (modelId) => {
    throw sdkError("AI_NoSuchModelError", `No such ${modelType} at Hugging Face's provider: ${modelId}`, { modelId, modelType });
  };
  const languageModel = (id) => chatModel(client, id);
  const vectors = (id) => embeddingModel(client, id);
  const provider = (id) => languageModel(id);
  return Object.defineProperty(
    Object.assign(provider, {
      specificationVersion: "v4",
      languageModel,
      chatModel: languageModel,
      completionModel: (id) => completionModel(client, id),
      embeddingModel: vectors,
      textEmbeddingModel: vectors,
      rerankingModel: (id) => rerankingModel(client, id),
      imageModel: none("imageModel"),
    }),
    "client",
    { get: client, enumerable: true },
  );
}
