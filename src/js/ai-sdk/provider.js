// The provider: one client, and the models that the AI SDK asks it for.

import { HuggingFace } from "./client.js";
import { embeddingModel } from "./embedding.js";
import { forSdk, sdkError } from "./error.js";
import { chatModel, completionModel } from "./language.js";
import { rerankingModel } from "./reranking.js";

/** Takes the client's options, or a client. */
export function createHuggingFace(options) {
  // By shape: a client of another copy of this package is one too.
  const client = typeof options?.chat?.completions?.create === "function" ? options : made(options);
  return providerOf(() => client);
}

let own;

/** Made on first use: whoever only loads the module needs no key. */
export const huggingface = /* @__PURE__ */ providerOf(() => (own ??= made()));

function made(options) {
  try {
    return new HuggingFace(options);
  } catch (error) {
    throw forSdk(error);
  }
}

function providerOf(client) {
  const models = (make) => (modelId) => make(client, modelId);
  const languageModel = models(chatModel);
  const vectors = models(embeddingModel);
  const provider = Object.assign((modelId) => languageModel(modelId), {
    specificationVersion: "v4",
    languageModel,
    chatModel: languageModel,
    completionModel: models(completionModel),
    embeddingModel: vectors,
    textEmbeddingModel: vectors,
    rerankingModel: models(rerankingModel),
    imageModel(modelId) {
      throw sdkError("AI_NoSuchModelError", `No such image model: ${modelId}`, { modelId, modelType: "imageModel" });
    },
  });
  return Object.defineProperty(provider, "client", { get: client, enumerable: true });
}
