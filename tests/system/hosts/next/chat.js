// A route for useChat: without the `ai` package on the server, or with it on hfetch's provider.
import { convertToModelMessages, streamText } from "ai";
import { HuggingFace } from "hfetch";
import { createHuggingFace, fromUIMessages, toUIMessageStreamResponse } from "hfetch/ai-sdk";

export async function chat(request) {
  const { messages, base, model, way } = await request.json();
  const hf = new HuggingFace({ apiKey: "hf_host", baseURL: base, model, retry: false });
  if (way === "provider") {
    const answer = streamText({ model: createHuggingFace(hf)(model), messages: await convertToModelMessages(messages), abortSignal: request.signal });
    return answer.toUIMessageStreamResponse({ onError: () => "The answer failed." });
  }
  return toUIMessageStreamResponse(hf.chat.completions.create({ messages: fromUIMessages(messages), stream: true }, { signal: request.signal }));
}
