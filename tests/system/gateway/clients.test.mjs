// Three clients that don't know the gateway: the `openai` package, @huggingface/inference, and this package itself.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { KEY, MESSAGES, MODEL, pkg, startGateway, TOKEN } from "./setting/running.mjs";

const { default: OpenAI } = await import("openai");
const { InferenceClient } = await import("@huggingface/inference");
const { HuggingFace } = await import(pathToFileURL(join(pkg, "dist/index.js")).href);

const SAID = /^You said: Name three rivers\./;
const body = { model: MODEL, messages: MESSAGES };
let gateway, openai, inference, hfetch;

before(async () => {
  gateway = await startGateway();
  const baseURL = `${gateway.url}/v1`;
  openai = new OpenAI({ apiKey: KEY, baseURL, maxRetries: 0 });
  inference = new InferenceClient(KEY, { endpointUrl: baseURL, retry_on_error: false });
  hfetch = new HuggingFace({ apiKey: KEY, baseURL, maxRetries: 0 });
});

const textOf = async (stream) => {
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  return text;
};

test("openai: chat, stream, usage, embeddings, models", async () => {
  const whole = await openai.chat.completions.create(body);
  assert.match(whole.choices[0].message.content, SAID);
  assert.ok(whole._request_id, "the request id is passed on");
  assert.match(await textOf(await openai.chat.completions.create({ ...body, stream: true })), SAID);
  const usages = [];
  for await (const { usage } of await openai.chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } })) if (usage) usages.push(usage);
  assert.equal(usages.length, 1);
  const { data } = await openai.embeddings.create({ model: "sentence-transformers/all-MiniLM-L6-v2", input: ["one", "two"] });
  assert.deepEqual(data.map(({ embedding }) => embedding.length), [384, 384]);
  const models = [];
  for await (const model of openai.models.list()) models.push(model.id);
  assert.ok(models.includes(MODEL));
  assert.equal((await openai.models.retrieve(MODEL)).id, MODEL);
});

test("openai: a stream and its tool calls through the helper", async () => {
  const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } } }];
  const completion = await openai.chat.completions.stream({ ...body, tools }).finalChatCompletion();
  assert.equal(completion.choices[0].message.tool_calls[0].function.name, "weather");
});

test("@huggingface/inference by its endpointUrl: chat and stream", async () => {
  const whole = await inference.chatCompletion(body);
  assert.match(whole.choices[0].message.content, SAID);
  assert.match(await textOf(inference.chatCompletionStream(body)), SAID);
});

test("hfetch: chat, stream, text, embeddings, models", async () => {
  const { data, response } = await hfetch.chat.completions.create(body).withResponse();
  assert.match(data.choices[0].message.content, SAID);
  assert.match(response.requestId, /^Root=/);
  const stream = await hfetch.chat.completions.create({ ...body, stream: true });
  assert.match((await stream.final()).choices[0].message.content, SAID);
  const { outcome, usage, provider } = await stream.settled;
  assert.deepEqual([outcome, usage.source], ["ok", "reported"]);
  assert.ok(provider);
  const { data: rows } = await hfetch.embeddings.create({ model: "sentence-transformers/all-MiniLM-L6-v2", input: ["one", "two"] });
  assert.deepEqual(rows.map(({ embedding }) => [embedding.constructor.name, embedding.length]), Array(2).fill(["Float32Array", 384]));
  assert.ok((await hfetch.models.list()).some(({ id }) => id === MODEL));
  assert.equal((await hfetch.models.retrieve(MODEL)).id, MODEL);
});

test("their errors are what they would be without a gateway", async () => {
  const refused = { ...body, model: "no-such/model" };
  await assert.rejects(openai.chat.completions.create(refused), { name: "Error", status: 400, code: "model_not_found" });
  await assert.rejects(hfetch.chat.completions.create(refused), { name: "BadRequestError", status: 400, code: "model_not_found" });
  await assert.rejects(inference.chatCompletion(refused), ({ httpResponse }) => httpResponse.status === 400 && httpResponse.body.error.code === "model_not_found");
  await assert.rejects(new OpenAI({ apiKey: "another", baseURL: `${gateway.url}/v1` }).chat.completions.create(body), { status: 401, code: "invalid_api_key" });
  await assert.rejects(new HuggingFace({ apiKey: "another", baseURL: `${gateway.url}/v1` }).chat.completions.create(body), { name: "AuthenticationError" });
});

test("an error in the middle of a stream reaches all three", async () => {
  for (const [name, run] of Object.entries({
    openai: async () => textOf(await openai.chat.completions.create({ ...body, stream: true })),
    inference: async () => textOf(inference.chatCompletionStream(body)),
    hfetch: async () => textOf(await hfetch.chat.completions.create({ ...body, stream: true })),
  })) {
    const begun = { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content: "The Rh" } }] };
    gateway.script([{ errorFrame: 3 }, { sse: [begun], cut: "reset" }, { cutAfter: 400 }]);
    await assert.rejects(run(), (error) => !/broke off/.test(error.message), `${name}: the server's own words`);
    await assert.rejects(run(), /broke off/, `${name}: between events`);
    await assert.rejects(run(), name);
  }
});

test("a limit reaches them with the time to wait", async () => {
  const limited = await startGateway({ env: { GATEWAY_CLIENT_REQUESTS_PER_MINUTE: "1" } });
  const baseURL = `${limited.url}/v1`;
  const client = new HuggingFace({ apiKey: KEY, baseURL, retry: false, limits: { onLimit: "error" } });
  await client.chat.completions.create(body);
  const error = await client.chat.completions.create(body).then(assert.fail, (thrown) => thrown);
  // The spent RateLimit of the first answer keeps the client from asking again.
  assert.ok(error.retryAfter > 50_000 && error.retryAfter <= 61_000, `${error.name} ${error.retryAfter}`);
  const other = await new OpenAI({ apiKey: KEY, baseURL, maxRetries: 0 }).chat.completions.create(body).then(assert.fail, (thrown) => thrown);
  assert.deepEqual([other.status, other.code, Number(other.headers.get("retry-after")) > 50], [429, "rate_limit_exceeded", true]);
});

test("a server that is down is tried as often as the gateway tries, whatever its callers do by themselves", async () => {
  const down = await startGateway({ steps: [{ status: 503, json: { error: "overloaded" }, times: 99 }] });
  const baseURL = `${down.url}/v1`;
  await assert.rejects(new OpenAI({ apiKey: KEY, baseURL }).chat.completions.create(body), { status: 503 });
  assert.equal((await down.stats()).requests, 3);
  await assert.rejects(new HuggingFace({ apiKey: KEY, baseURL }).chat.completions.create(body), { status: 503, attempts: 1 });
  assert.equal((await down.stats()).requests, 6);
});

test("the model's server saw the operator's token alone, and no answer or line has it", async () => {
  const { headers } = await gateway.stats();
  assert.ok(headers.length > 0 && headers.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
  assert.ok(headers.every((given) => !JSON.stringify(given).includes("stainless") && !JSON.stringify(given).includes(KEY)), "a caller's headers stay here");
  assert.ok(!JSON.stringify(gateway.lines).includes(TOKEN) && !JSON.stringify(gateway.lines).includes(KEY));
});
