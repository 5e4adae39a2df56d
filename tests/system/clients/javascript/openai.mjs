import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { asks, City, Place, TOOL, weather } from "./question.mjs";

export default function open({ baseURL, key, retries }) {
  const client = new OpenAI({ baseURL, apiKey: key, ...(retries === 0 && { maxRetries: 0 }) });
  const { completions } = client.chat;
  return {
    chat: async (model, text, signal) => (await completions.create({ model, messages: asks(text) }, { signal })).choices[0].message.content,
    async *stream(model, text, signal) {
      for await (const chunk of await completions.create({ model, messages: asks(text), stream: true }, { signal })) yield chunk.choices[0]?.delta.content;
    },
    async tools(model, text) {
      const tool = { type: "function", function: { ...TOOL.function, parse: (args) => Place.parse(JSON.parse(args)), function: weather } };
      return completions.runTools({ model, messages: asks(text), tools: [tool] }).finalContent();
    },
    async structured(model, text) {
      return (await completions.parse({ model, messages: asks(text), response_format: zodResponseFormat(City, "city") })).choices[0].message.parsed;
    },
    embeddings: async (model, input) => (await client.embeddings.create({ model, input })).data.map(({ embedding }) => embedding),
  };
}
