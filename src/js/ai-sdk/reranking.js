// Reranking models.

import { answered } from "./call.js";

export const rerankingModel = (client, modelId) => ({
  specificationVersion: "v4",
  provider: "huggingface.reranking",
  modelId,
  doRerank(options) {
    const { documents, query, topN } = options;
    const isText = documents.type === "text";
    const texts = isText ? documents.values : documents.values.map((value) => JSON.stringify(value));
    const body = { model: modelId, query, documents: texts, ...(topN !== undefined && { top_n: topN }) };
    return answered(client().rerank, body, options, ({ results }) => ({
      ranking: results.map(({ index, relevance_score: relevanceScore }) => ({ index, relevanceScore })),
      ...(!isText && { warnings: [{ type: "compatibility", feature: "object documents", details: "Each is sent as its JSON." }] }),
    }));
  },
});
