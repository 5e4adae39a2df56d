// Other clients read a gateway's answers as before if it tells what they cost, and clients that pass usage on also pass on the cost.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { InferenceClient } from "@huggingface/inference";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, streamText } from "ai";
import OpenAI from "openai";
import { root } from "../../../scripts/run.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";

const { gateway } = await import(pathToFileURL(join(process.env.HFETCH_PACKAGE ?? join(root, "pkg"), "dist/gateway.js")).href);
const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
const messages = [{ role: "user", content: "Hello" }];
const SAYS = /You said: Hello/;
const baseURL = "https://gateway.example/v1";
const apiKey = "a-key-of-this-gateway";

let endpoint, handler, log, wire;
before(async () => {
  endpoint = await startEndpoint({ pace: 0 });
  ({ log } = console);
  console.log = (line) => String(line).startsWith('{"event":') || log(line);
  handler = gateway({ apiKeys: ["hf_operator"], baseURL: `${endpoint.url}/v1`, clientKeys: [apiKey], tellCost: true, pricing: { inputPerMillion: 1, outputPerMillion: 2 } });
});
after(async () => {
  console.log = log;
  await endpoint.close();
});

/** The gateway as a client's fetch; its last answer is kept as it was sent. */
const fetch = async (url, init) => {
  const response = await handler.fetch(new Request(url, init), {});
  const [kept, given] = response.body.tee();
  wire = new Response(kept).text();
  return new Response(given, response);
};
const told = async () => /: hfetch \{"cost":\{"usd":([\d.e-]+)/.exec(await wire)?.[1];

test("openai", async () => {
  const client = new OpenAI({ apiKey, baseURL, fetch });
  const whole = await client.chat.completions.create({ model: MODEL, messages });
  assert.match(whole.choices[0].message.content, SAYS);
  assert.ok(whole.usage.cost > 0);
  for (const stream_options of [undefined, { include_usage: true }]) {
    let text = "";
    let usage;
    for await (const chunk of await client.chat.completions.create({ model: MODEL, messages, stream: true, stream_options })) {
      text += chunk.choices[0]?.delta?.content ?? "";
      usage = chunk.usage ?? usage;
    }
    assert.match(text, SAYS);
    assert.equal(String(usage?.cost), stream_options ? await told() : "undefined");
    assert.ok(Number(await told()) > 0);
  }
  const { data, usage } = await client.embeddings.create({ model: "org/embedder", input: ["one"] });
  assert.ok(data[0].embedding.length > 0 && usage.cost > 0);
});

test("the AI SDK by another provider", async () => {
  const model = createOpenAICompatible({ name: "gateway", apiKey, baseURL, fetch, includeUsage: true })(MODEL);
  assert.match((await generateText({ model, prompt: "Hello" })).text, SAYS);
  const streamed = streamText({ model, prompt: "Hello" });
  assert.match(await streamed.text, SAYS);
  assert.ok((await streamed.usage).totalTokens > 0);
  assert.ok(Number(await told()) > 0);
});

test("LangChain", async () => {
  const model = new ChatOpenAI({ model: MODEL, apiKey, configuration: { baseURL, fetch } });
  assert.match((await model.invoke("Hello")).content, SAYS);
  let text = "";
  for await (const chunk of await model.stream("Hello")) text += chunk.content;
  assert.match(text, SAYS);
  assert.ok(Number(await told()) > 0);
});

test("@huggingface/inference", async () => {
  const client = new InferenceClient(apiKey, { endpointUrl: baseURL, fetch });
  assert.match((await client.chatCompletion({ model: MODEL, messages })).choices[0].message.content, SAYS);
  let text = "";
  for await (const chunk of client.chatCompletionStream({ model: MODEL, messages })) text += chunk.choices[0]?.delta?.content ?? "";
  assert.match(text, SAYS);
  assert.ok(Number(await told()) > 0);
});
