// The Worker: /api/chat answers the page, and asks the model through the gateway, which has the key and the limits.
import { HuggingFace } from "hfetch";
import { fromUIMessages, toUIMessageStreamResponse } from "hfetch/ai-sdk";
import { LimitObject, gateway, issueTicket } from "hfetch/gateway";

export { LimitObject };

const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
const TICKET = { expiresIn: 60_000, limits: { requestsPerMinute: 20 } };
const INSTRUCTIONS = { role: "system", content: "Be brief. Ask for the tool local_time when you need to know the time." };
const TOOLS = [
  {
    type: "function",
    function: { name: "local_time", description: "The time and the time zone where the user is.", parameters: { type: "object", properties: {} } },
  },
];

const model = gateway({ caps: { maxTokens: 2048 } });

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    // A page without a route of its own asks the gateway itself, with a ticket.
    if (pathname.startsWith("/v1/")) return model.fetch(request, env, ctx);
    if (pathname === "/api/chat" && request.method === "POST") return chat(request, env, ctx);
    if (pathname === "/api/ticket") return new Response(await ticketOf(request, env), { headers: { "cache-control": "no-store" } });
    return new Response("Not found", { status: 404 });
  },
};

// Each visitor is a caller of the gateway, with their own limits.
function ticketOf(request, env) {
  return issueTicket(env.GATEWAY_TICKET_SECRET, { ...TICKET, client: request.headers.get("cf-connecting-ip") ?? "somebody" });
}

async function chat(request, env, ctx) {
  let messages;
  try {
    messages = fromUIMessages((await request.json()).messages);
  } catch (error) {
    return new Response(error.message, { status: 400 });
  }
  const hf = new HuggingFace({
    apiKey: await ticketOf(request, env),
    baseURL: new URL("/v1", request.url).href,
    // The gateway is part of this Worker, so only the request to the model leaves it.
    fetch: (url, init) => model.fetch(new Request(url, init), env, ctx),
    // The gateway has already retried.
    retry: false,
  });
  const answer = hf.chat.completions.create(
    { model: MODEL, messages: [INSTRUCTIONS, ...messages], tools: TOOLS, stream: true },
    { signal: request.signal },
  );
  return toUIMessageStreamResponse(answer, {
    // The facts about a call that the page shows.
    messageMetadata: ({ part }) => (part.type === "finish" && part.settlement ? { usage: part.settlement.usage, durationMs: Math.round(part.settlement.durationMs) } : undefined),
    onError: (error) => (error.status === 429 ? "That was quick. Wait a minute, and try again." : undefined),
  });
}
