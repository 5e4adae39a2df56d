import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { asks, FORMAT, inTwoSteps, TOOL } from "./question.mjs";

const { HuggingFace } = await import(pathToFileURL(join(process.env.HFETCH_PACKAGE, "dist/index.js")).href);

export default function open({ baseURL, key, retries }) {
  const client = new HuggingFace({ baseURL, apiKey: key, ...(retries === 0 && { maxRetries: 0 }), limits: { onLimit: "error" } });
  const { completions } = client.chat;
  const complete = async (body, signal) => (await completions.create(body, { signal })).choices[0].message;
  return {
    chat: async (model, text, signal) => (await complete({ model, messages: asks(text) }, signal)).content,
    async *stream(model, text, signal) {
      for await (const chunk of await completions.create({ model, messages: asks(text), stream: true }, { signal })) yield chunk.choices[0]?.delta.content;
    },
    tools: (model, text) => inTwoSteps(text, (messages) => complete({ model, messages, tools: [TOOL] })),
    structured: async (model, text) => JSON.parse((await complete({ model, messages: asks(text), response_format: FORMAT })).content),
    embeddings: async (model, input) => (await client.embeddings.create({ model, input })).data.map(({ embedding }) => embedding),
  };
}
