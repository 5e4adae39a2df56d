import { chat, embed, maxIterations, toolDefinition } from "@tanstack/ai";
import { createOpenaiChat, createOpenaiChatCompletions, createOpenaiEmbedding } from "@tanstack/ai-openai";
import { asks, City, Place, weather } from "./question.mjs";

const opener = (create) => ({ baseURL, key, retries }) => {
  const settings = { baseURL, ...(retries === 0 && { maxRetries: 0 }) };
  const asked = (model, text) => ({ adapter: create(model, key, settings), messages: asks(text) });
  const stoppable = (signal) => {
    const abortController = new AbortController();
    signal?.addEventListener("abort", () => abortController.abort());
    return { abortController };
  };
  return {
    chat: (model, text, signal) => chat({ ...asked(model, text), ...stoppable(signal), stream: false }),
    async *stream(model, text, signal) {
      for await (const event of chat({ ...asked(model, text), ...stoppable(signal) })) {
        if (event.type === "RUN_ERROR") throw Object.assign(new Error(event.message), { code: event.code });
        if (event.type === "TEXT_MESSAGE_CONTENT") yield event.delta;
      }
    },
    tools(model, text) {
      const warm = toolDefinition({ name: "weather", description: "The weather of a city.", inputSchema: Place }).server(async (given) => weather(given));
      return chat({ ...asked(model, text), tools: [warm], agentLoopStrategy: maxIterations(3), stream: false });
    },
    structured: (model, text) => chat({ ...asked(model, text), outputSchema: City, stream: false }),
    embeddings: async (model, input) => (await embed({ adapter: createOpenaiEmbedding(model, key, settings), input })).embeddings.map((row) => row.vector ?? row.embedding ?? row),
  };
};

export const overResponses = opener(createOpenaiChat);
export default opener(createOpenaiChatCompletions);
