// An agent that chats, on hfetch alone.
import { AIChatAgent } from "@cloudflare/ai-chat";
import { routeAgentRequest } from "agents";
import { HuggingFace } from "hfetch";
import { fromUIMessages, toUIMessageStreamResponse } from "hfetch/ai-sdk";

export class Chat extends AIChatAgent {
  onChatMessage(onFinish, { abortSignal, body: { base, model } }) {
    const hf = new HuggingFace({ apiKey: "hf_host", baseURL: base, model, retry: false });
    const messages = fromUIMessages(this.messages);
    return toUIMessageStreamResponse(hf.chat.completions.create({ messages, stream: true }, { signal: abortSignal }));
  }
}

export default {
  fetch: async (request, env) => (await routeAgentRequest(request, env)) ?? new Response("a host"),
};
