import { InferenceClient } from "@huggingface/inference";
import { asks, FORMAT, inTwoSteps, TOOL } from "./question.mjs";

export default function open({ baseURL, key, retries }) {
  const client = new InferenceClient(key, { endpointUrl: baseURL, ...(retries === 0 && { retry_on_error: false }) });
  const complete = async (body, signal) => (await client.chatCompletion(body, { signal })).choices[0].message;
  return {
    chat: async (model, text, signal) => (await complete({ model, messages: asks(text) }, signal)).content,
    async *stream(model, text, signal) {
      for await (const chunk of client.chatCompletionStream({ model, messages: asks(text) }, { signal })) yield chunk.choices[0]?.delta.content;
    },
    tools: (model, text) => inTwoSteps(text, (messages) => complete({ model, messages, tools: [TOOL] })),
    structured: async (model, text) => JSON.parse((await complete({ model, messages: asks(text), response_format: FORMAT })).content),
  };
}
