// A page whose only server is the gateway: the code of the chat's route runs in the page.
import { DefaultChatTransport } from "ai";
import { HuggingFace, ticketKey } from "hfetch";
import { fromUIMessages, toUIMessageStreamResponse } from "hfetch/ai-sdk";
import { show } from "./page.jsx";

const hf = new HuggingFace({ baseURL: "/v1", apiKey: ticketKey("/api/ticket"), model: "meta-llama/Llama-3.1-8B-Instruct", retry: false });

async function fetch(url, { body, signal }) {
  const messages = fromUIMessages(JSON.parse(body).messages);
  return toUIMessageStreamResponse(hf.chat.completions.create({ messages, stream: true }, { signal }));
}

show(new DefaultChatTransport({ fetch }));
