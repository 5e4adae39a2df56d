// Reranking models.

import { aboutWhole, asked, modelOf } from "./call.js";

export const rerankingModel = (client, modelId) => ({
  ...modelOf("reranking", modelId),
  async doRerank(options) {
    const { documents, query, topN, providerOptions } = options;
    const isText = documents.type === "text";
    const texts = isText ? documents.values : documents.values.map((value) => JSON.stringify(value));
    const body = { model: modelId, query, documents: texts, top_n: topN, ...providerOptions?.huggingface };
    const call = await asked(client().rerank, body, options);
    return {
      ...(await aboutWhole(call)),
      ranking: call.data.results.map(({ index, relevance_score: relevanceScore }) => ({ index, relevanceScore })),
      ...(!isText && { warnings: [{ type: "compatibility", feature: "object documents", details: "Each is sent as its JSON." }] }),
    };
  },
});
