// The provider: it has one client and makes the models for the AI SDK.

import { HuggingFace } from "./client.js";
import { embeddingModel } from "./embedding.js";
import { forSdk, sdkError } from "./error.js";
import { chatModel, completionModel } from "./language.js";
import { rerankingModel } from "./reranking.js";

/** Makes a provider from the client's options or from a client. */
export function createHuggingFace(options) {
  // A client is recognised by its members, since it may come from another copy of this package.
  const client = typeof options?.chat?.completions?.create === "function" ? options : made(options);
  return providerOf(() => client);
}

let own;

/** A provider whose client is made on first use, so that importing this module needs no key. */
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
