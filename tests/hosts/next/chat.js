// A route for useChat, without the `ai` package on the server.
import { HuggingFace } from "hfetch";
import { fromUIMessages, toUIMessageStreamResponse } from "hfetch/ai-sdk";

export async function chat(request) {
  const { messages, base, model } = await request.json();
  const hf = new HuggingFace({ apiKey: "hf_host", baseURL: base, model, retry: false });
  return toUIMessageStreamResponse(hf.chat.completions.create({ messages: fromUIMessages(messages), stream: true }, { signal: request.signal }));
}
