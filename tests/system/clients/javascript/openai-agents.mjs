import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } from "@openai/agents";
import { City, Place, weather } from "./question.mjs";

setTracingDisabled(true);

export default async function open({ baseURL, key, retries }) {
  const { default: OpenAI } = await import("openai");
  const openAIClient = new OpenAI({ baseURL, apiKey: key, ...(retries === 0 && { maxRetries: 0 }) });
  const runner = new Runner({ modelProvider: new OpenAIProvider({ openAIClient }), tracingDisabled: true });
  const agent = (model, more) => new Agent({ name: "Assistant", model, ...more });
  return {
    chat: async (model, text, signal) => (await runner.run(agent(model), text, { signal })).finalOutput,
    async *stream(model, text, signal) {
      const result = await runner.run(agent(model), text, { stream: true, signal });
      for await (const event of result) if (event.type === "raw_model_stream_event" && event.data.type === "output_text_delta") yield event.data.delta;
      await result.completed;
    },
    async tools(model, text) {
      const warm = tool({ name: "weather", description: "The weather of a city.", parameters: Place, execute: async (given) => JSON.stringify(weather(given)) });
      return (await runner.run(agent(model, { tools: [warm] }), text)).finalOutput;
    },
    structured: async (model, text) => (await runner.run(agent(model, { outputType: City }), text)).finalOutput,
  };
}
