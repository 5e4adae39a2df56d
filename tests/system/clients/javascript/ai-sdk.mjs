import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateText, Output, stepCountIs, streamText, tool } from "ai";
import { City, Place, weather } from "./question.mjs";

export default function open({ baseURL, key, retries }) {
  const provider = createOpenAICompatible({ name: "gateway", baseURL, apiKey: key, supportsStructuredOutputs: true });
  const asked = (model) => ({ model: provider(model), ...(retries === 0 && { maxRetries: 0 }) });
  return {
    chat: async (model, prompt, abortSignal) => (await generateText({ ...asked(model), prompt, abortSignal })).text,
    async *stream(model, prompt, abortSignal) {
      const { fullStream } = streamText({ ...asked(model), prompt, abortSignal, onError() {} });
      for await (const part of fullStream) {
        if (part.type === "error") throw part.error;
        if (part.type === "text-delta") yield part.text;
      }
    },
    async tools(model, prompt) {
      const tools = { weather: tool({ description: "The weather of a city.", inputSchema: Place, execute: weather }) };
      return (await generateText({ ...asked(model), prompt, tools, stopWhen: stepCountIs(3) })).text;
    },
    structured: async (model, prompt) => (await generateText({ ...asked(model), prompt, output: Output.object({ schema: City }) })).output,
    embeddings: async (model, values) => (await embedMany({ ...asked(model), model: provider.embeddingModel(model), values })).embeddings,
  };
}
