import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { City, TOOL, weather } from "./question.mjs";

export default function open({ baseURL, key, retries }) {
  const { responses } = new OpenAI({ baseURL, apiKey: key, ...(retries === 0 && { maxRetries: 0 }) });
  return {
    chat: async (model, input, signal) => (await responses.create({ model, input }, { signal })).output_text,
    async *stream(model, input, signal) {
      for await (const event of await responses.create({ model, input, stream: true }, { signal })) if (event.type === "response.output_text.delta") yield event.delta;
    },
    async tools(model, text) {
      const { name, description, parameters } = TOOL.function;
      const asked = { model, tools: [{ type: "function", name, description, parameters, strict: true }] };
      const input = [{ role: "user", content: text }];
      const { output } = await responses.create({ ...asked, input });
      const result = weather(JSON.parse(output[0].arguments));
      return (await responses.create({ ...asked, input: [...input, ...output, { type: "function_call_output", call_id: output[0].call_id, output: JSON.stringify(result) }] })).output_text;
    },
    structured: async (model, input) => (await responses.parse({ model, input, text: { format: zodTextFormat(City, "city") } })).output_parsed,
  };
}
