// The provider: one client, and the models that the AI SDK asks it for.

import { HuggingFace } from "./client.js";
import { embeddingModel } from "./embedding.js";
import { sdkError } from "./error.js";

/** Takes the client's options, or a client. */
export function createHuggingFace(options) {
  // By shape: a client of another copy of this package is one too.
  const client = typeof options?.chat?.completions?.create === "function" ? options : new HuggingFace(options);
  return providerOf(() => client);
}

export function providerOf(client) {
  const none = (modelType) => (modelId) => {
    throw sdkError("AI_NoSuchModelError", `Hugging Face's provider has no ${modelType}: ${modelId}`, { modelId, modelType });
  };
  const models = {
    embeddingModel: (id) => embeddingModel(client, id),
    imageModel: none("imageModel"),
  };
  return { specificationVersion: "v4", ...models, get client() { return client(); } };
}
