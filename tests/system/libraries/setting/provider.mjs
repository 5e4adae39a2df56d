// The setting that the tests of hfetch/ai-sdk share: the package, the stand-in endpoint, and answers in the form of a model's server.

import { join } from "node:path";
import { after, before } from "node:test";
import { pathToFileURL } from "node:url";
import { tool } from "ai";
import { z } from "zod";
import { root } from "../../../../scripts/run.mjs";
import { startEndpoint } from "../../../endpoint/server.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
export const load = (file) => import(pathToFileURL(join(packageFolder, `dist/${file}`)).href);
export const { createHuggingFace } = await load("ai-sdk.js");
export const { HuggingFace, RateLimitError } = await load("index.js");

export const MODEL = "meta-llama/Llama-3.1-8B-Instruct";

export let endpoint;
before(async () => (endpoint = await startEndpoint({ pace: 0 })));
after(() => endpoint.close());

let count = 0;
// A provider whose requests take these steps, and what the endpoint has seen of them.
export async function scripted(steps = [], options = {}) {
  const id = `ai-sdk-${count++}`;
  await endpoint.script(id, steps);
  const hf = createHuggingFace({ apiKey: "hf_libraries", baseURL: `${endpoint.url}/s/${id}/v1`, retry: { baseDelay: 1 }, ...options });
  const stats = (until) => endpoint.stats(id, until);
  return { hf, model: hf(MODEL), stats, bodies: async () => (await stats()).bodies.map((body) => (typeof body === "string" ? JSON.parse(body) : body)) };
}

export const chunk = (delta, more = {}) => ({ id: "chat-1", object: "chat.completion.chunk", created: 1790000000, model: "served", choices: [{ index: 0, delta, finish_reason: null, ...more }] });
export const end = (reason = "stop") => chunk({}, { finish_reason: reason });
export const whole = (message, reason = "stop", more = {}) => ({
  json: { id: "chat-1", object: "chat.completion", created: 1790000000, model: "served", choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: reason }], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }, ...more },
});
export const stream = (...deltas) => ({ sse: [...deltas.map((delta) => (delta.choices ? delta : chunk(delta))), ...(deltas.at(-1).choices?.[0]?.finish_reason || deltas.at(-1).usage ? [] : [end()])], done: true });

export const prompt = [{ role: "user", content: [{ type: "text", text: "Hello" }] }];
export async function partsOf(model, options = {}) {
  const { stream: parts } = await model.doStream({ prompt, ...options });
  const all = [];
  for await (const part of parts) all.push(part);
  return all;
}
export const types = (parts) => parts.map(({ type }) => type);

export const weather = tool({ description: "The weather", inputSchema: z.object({ city: z.string() }), execute: async ({ city }) => ({ city, degrees: 20 }) });
export const call = (id, name, args, index = 0) => ({ index, id, type: "function", function: { name, arguments: args } });
