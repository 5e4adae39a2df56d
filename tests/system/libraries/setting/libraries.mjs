// The libraries that accept a fetch, each as its users have it. `of(baseURL, fetch)` returns what asks once: { whole(), stream() }, each of which returns the text that
// the caller sees. Without a fetch the library's own is used.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { InferenceClient } from "@huggingface/inference";
import { ChatOpenAI } from "@langchain/openai";
import { chat } from "@tanstack/ai";
import { openaiCompatibleText } from "@tanstack/ai-openai/compatible";
import { generateText, streamText } from "ai";
import OpenAI from "openai";

const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
export const PROMPT = "Say something short.";
const messages = [{ role: "user", content: PROMPT }];
const KEY = "hf_libraries";

async function joined(iterable, textOf) {
  let text = "";
  for await (const part of iterable) text += textOf(part) ?? "";
  return text;
}

export const LIBRARIES = {
  openai(baseURL, fetch) {
    const client = new OpenAI({ baseURL, apiKey: KEY, fetch });
    return {
      whole: async (signal) => (await client.chat.completions.create({ model: MODEL, messages }, { signal })).choices[0].message.content,
      stream: async (signal) => joined(await client.chat.completions.create({ model: MODEL, messages, stream: true }, { signal }), (chunk) => chunk.choices[0]?.delta?.content),
    };
  },
  "AI SDK"(baseURL, fetch) {
    const model = createOpenAICompatible({ name: "huggingface", baseURL, apiKey: KEY, fetch })(MODEL);
    return {
      whole: async (abortSignal) => (await generateText({ model, prompt: PROMPT, abortSignal })).text,
      async stream(abortSignal) {
        let failure;
        const { fullStream } = streamText({ model, prompt: PROMPT, abortSignal, onError: ({ error }) => (failure = error) });
        const text = await joined(fullStream, (part) => (part.type === "text-delta" ? part.text : undefined));
        if (failure !== undefined) throw failure;
        return text;
      },
    };
  },
  LangChain(baseURL, fetch) {
    const model = new ChatOpenAI({ model: MODEL, apiKey: KEY, configuration: { baseURL, fetch } });
    return {
      whole: async (signal) => (await model.invoke(PROMPT, { signal })).text,
      stream: async (signal) => joined(await model.stream(PROMPT, { signal }), (chunk) => chunk.text),
    };
  },
  "@huggingface/inference"(baseURL, fetch) {
    const client = new InferenceClient(KEY, { endpointUrl: baseURL, ...(fetch && { fetch }) });
    return {
      whole: async (signal) => (await client.chatCompletion({ model: MODEL, messages }, { signal })).choices[0].message.content,
      stream: async (signal) => joined(client.chatCompletionStream({ model: MODEL, messages }, { signal }), (chunk) => chunk.choices[0]?.delta?.content),
    };
  },
  "TanStack AI"(baseURL, fetch) {
    const adapter = openaiCompatibleText(MODEL, { baseURL, apiKey: KEY, fetch });
    const stream = async (signal) => {
      const abortController = new AbortController();
      signal?.addEventListener("abort", () => abortController.abort(signal.reason));
      let failure;
      const text = await joined(chat({ adapter, messages, abortController }), (event) => {
        if (event.type === "RUN_ERROR") failure = Object.assign(new Error(event.message ?? event.error?.message), { name: "RUN_ERROR" });
        return event.type === "TEXT_MESSAGE_CONTENT" ? event.delta : undefined;
      });
      if (failure !== undefined) throw failure;
      return text;
    };
    return { whole: undefined, stream };
  },
};
