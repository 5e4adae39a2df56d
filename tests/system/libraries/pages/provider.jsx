// The AI SDK in the page, on hfetch's provider, with a ticket for the gateway.
import { convertToModelMessages, DefaultChatTransport, streamText } from "ai";
import { ticketKey } from "hfetch";
import { createHuggingFace } from "hfetch/ai-sdk";
import { show } from "./page.jsx";

const huggingface = createHuggingFace({ baseURL: "/v1", apiKey: ticketKey("/api/ticket"), retry: false });

async function fetch(url, { body, signal }) {
  const messages = await convertToModelMessages(JSON.parse(body).messages);
  return streamText({ model: huggingface("meta-llama/Llama-3.1-8B-Instruct"), messages, abortSignal: signal, onError() {} }).toUIMessageStreamResponse();
}

show(new DefaultChatTransport({ fetch }));
