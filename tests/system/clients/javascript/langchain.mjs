import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { City, Place, weather } from "./question.mjs";

export default function open({ baseURL, key, retries }) {
  const settings = { apiKey: key, configuration: { baseURL }, ...(retries === 0 && { maxRetries: 0 }) };
  const chatOf = (model) => new ChatOpenAI({ model, ...settings });
  return {
    chat: async (model, text, signal) => (await chatOf(model).invoke(text, { signal })).content,
    async *stream(model, text, signal) {
      for await (const chunk of await chatOf(model).stream(text, { signal })) yield chunk.content;
    },
    async tools(model, text) {
      const warm = tool(async (given) => JSON.stringify(weather(given)), { name: "weather", description: "The weather of a city.", schema: Place });
      const chat = chatOf(model).bindTools([warm]);
      const first = await chat.invoke(text);
      const [call] = first.tool_calls;
      return (await chat.invoke([new HumanMessage(text), first, new ToolMessage({ content: await warm.invoke(call.args), tool_call_id: call.id })])).content;
    },
    structured: (model, text) => chatOf(model).withStructuredOutput(City, { name: "city" }).invoke(text),
    embeddings: (model, texts) => new OpenAIEmbeddings({ model, ...settings }).embedDocuments(texts),
  };
}
