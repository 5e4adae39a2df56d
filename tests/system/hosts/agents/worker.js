// A chat agent: on hfetch alone, or with the AI SDK on hfetch's provider.
import { AIChatAgent } from "@cloudflare/ai-chat";
import { routeAgentRequest } from "agents";
import { convertToModelMessages, streamText } from "ai";
import { HuggingFace } from "hfetch";
import { createHuggingFace, fromUIMessages, toUIMessageStreamResponse } from "hfetch/ai-sdk";

export class Chat extends AIChatAgent {
  async onChatMessage(onFinish, { abortSignal, body: { base, model, way } }) {
    const hf = new HuggingFace({ apiKey: "hf_host", baseURL: base, model, retry: false });
    if (way === "provider") {
      const answer = streamText({ model: createHuggingFace(hf)(model), messages: await convertToModelMessages(this.messages), abortSignal, onFinish });
      const messageMetadata = ({ part }) => (part.type === "finish" ? { usage: { total_tokens: part.totalUsage.totalTokens } } : undefined);
      return answer.toUIMessageStreamResponse({ messageMetadata, onError: () => "The answer failed." });
    }
    const messages = fromUIMessages(this.messages);
    return toUIMessageStreamResponse(hf.chat.completions.create({ messages, stream: true }, { signal: abortSignal }));
  }
}

export default {
  fetch: async (request, env) => (await routeAgentRequest(request, env)) ?? new Response("a host"),
};
