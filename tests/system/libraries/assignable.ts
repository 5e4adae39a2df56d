// The provider against the AI SDK's own types: this file compiles or it doesn't.

import type { EmbeddingModelV4, LanguageModelV4, ProviderV4, RerankingModelV4 } from "@ai-sdk/provider";
import { createProviderRegistry, customProvider, embedMany, generateText, rerank, streamText, wrapLanguageModel, type EmbeddingModel, type LanguageModel, type RerankingModel, type UIMessage } from "ai";
import { HuggingFace, type ChatMessage } from "hfetch";
import { createHuggingFace, fromUIMessages, huggingface, toUIMessageStreamResponse, type CallMetadata, type CallOptions } from "hfetch/ai-sdk";

const hf = createHuggingFace({ apiKey: "hf_example" });
const specified: ProviderV4 = hf;
const models: [LanguageModelV4, LanguageModelV4, EmbeddingModelV4, RerankingModelV4] = [hf("a/b"), hf.languageModel("a/b"), hf.embeddingModel("a/b"), hf.rerankingModel("a/b")];
const taken: [LanguageModel, EmbeddingModel, RerankingModel] = [huggingface("a/b"), huggingface.embeddingModel("a/b"), huggingface.rerankingModel("a/b")];
const client: HuggingFace = createHuggingFace(new HuggingFace({ apiKey: "hf_example" })).client;
const registry = createProviderRegistry({ hf });
customProvider({ languageModels: { small: hf("a/b") }, fallbackProvider: hf });
wrapLanguageModel({ model: hf("a/b"), middleware: {} });

export async function calls() {
  const options = { hfetch: { retry: { maxAttempts: 2 }, timeout: { total: 1_000 } } satisfies CallOptions };
  const { providerMetadata } = await generateText({ model: hf("a/b"), prompt: "?", providerOptions: options });
  const metadata = providerMetadata?.hfetch as CallMetadata | undefined;
  const cost: number | null | undefined = metadata?.costUsd;
  streamText({ model: registry.languageModel("hf:a/b"), prompt: "?" });
  await embedMany({ model: hf.embeddingModel("a/b"), values: ["a"] });
  await rerank({ model: hf.rerankingModel("a/b"), query: "?", documents: ["a"] });
  return [specified, models, taken, client, cost];
}

// @ts-expect-error: a model has a name
hf();
// @ts-expect-error: there is no such option
createHuggingFace({ apiKye: "hf_example" });

// useChat without the SDK on the server: its messages, and the response.
declare const page: UIMessage[];
export const history: ChatMessage[] = fromUIMessages(page);
const model = "org/name";
const chats = new HuggingFace().chat.completions;
export const responses: Response[] = [
  toUIMessageStreamResponse(chats.create({ model, messages: history, stream: true })),
  toUIMessageStreamResponse(chats.runTools({ model, messages: history, stream: true, tools: [{ name: "f", parameters: { schema: {} }, execute: () => 1 }] }), {
    status: 200,
    headers: new Headers(),
    originalMessages: page,
    generateMessageId: () => "id",
    messageMetadata: ({ part }) => (part.type === "finish" ? { tokens: part.totalUsage.totalTokens, usd: part.settlement?.cost.usd, why: part.finishReason } : { at: 0 }),
    onError: (error) => (error.status === 429 ? "Later." : undefined),
    sendReasoning: false,
  }),
];
