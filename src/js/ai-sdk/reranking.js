// Reranking models.

import { metadataOf, requestOptions } from "./call.js";
import { forSdk } from "./error.js";

export function rerankingModel(client, modelId) {
  return {
    specificationVersion: "v4",
    provider: "huggingface.reranking",
    modelId,
    async doRerank(options) {
      const { documents, query, topN, providerOptions, abortSignal } = options;
      const isText = documents.type === "text";
      const texts = isText ? documents.values : documents.values.map((value) => JSON.stringify(value));
      const body = { model: modelId, query, documents: texts, ...(topN !== undefined && { top_n: topN }), ...providerOptions?.huggingface };
      try {
        const pending = client().rerank.create(body, requestOptions(options));
        const { data, response } = await pending.withResponse();
        return {
          ranking: data.results.map(({ index, relevance_score: relevanceScore }) => ({ index, relevanceScore })),
          providerMetadata: metadataOf(await pending.settled),
          response: { modelId: data.model, headers: Object.fromEntries(response.headers), body: data },
          warnings: isText ? [] : [{ type: "compatibility", feature: "object documents", details: "Each is sent as its JSON." }],
        };
      } catch (error) {
        throw forSdk(error, body, abortSignal);
      }
    },
  };
}
