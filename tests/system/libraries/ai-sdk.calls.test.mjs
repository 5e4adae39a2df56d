// hfetch/ai-sdk with the AI SDK itself: JSON, ends and errors, other kinds of models, and the options and metadata of a call.

import assert from "node:assert/strict";
import { test } from "node:test";
import { APICallError, AISDKError, LoadAPIKeyError, NoSuchModelError } from "@ai-sdk/provider";
import { Output, ToolLoopAgent, createProviderRegistry, customProvider, embed, embedMany, extractReasoningMiddleware, generateText, rerank, simulateStreamingMiddleware, stepCountIs, streamText, wrapLanguageModel } from "ai";
import { z } from "zod";
import { MODEL, chunk, end, whole, stream, prompt, partsOf, types, scripted, weather, call, endpoint, load, createHuggingFace, HuggingFace, RateLimitError } from "./setting/provider.mjs";

test("Output.object, array and choice ask by a schema", async () => {
  const { model, bodies } = await scripted([whole({ content: '{"name":"Ada"}' }), whole({ content: '{"elements":[{"name":"Ada"}]}' }), whole({ content: '{"result":"a"}' })]);
  const person = z.object({ name: z.string() });
  assert.deepEqual((await generateText({ model, prompt: "?", output: Output.object({ schema: person }) })).output, { name: "Ada" });
  assert.deepEqual((await generateText({ model, prompt: "?", output: Output.array({ element: person }) })).output, [{ name: "Ada" }]);
  assert.equal((await generateText({ model, prompt: "?", output: Output.choice({ options: ["a", "b"] }) })).output, "a");
  const [body] = await bodies();
  assert.equal(body.response_format.type, "json_schema");
  assert.equal(body.response_format.json_schema.name, "response");
  assert.equal(body.response_format.json_schema.schema.properties.name.type, "string");
});

test("a server without schemas is told in words, and remembered", async () => {
  const refusal = (message) => ({ status: 422, json: { error: { message } } });
  const { model, bodies } = await scripted([refusal("response_format: json_schema is not supported"), refusal("response_format: json_schema is not supported"), refusal("response_format json_object is not supported"), whole({ content: '{"name":"Ada"}' }), whole({ content: '{"name":"Bob"}' })]);
  const output = Output.object({ schema: z.object({ name: z.string() }) });
  const first = await generateText({ model, prompt: "?", output });
  assert.deepEqual(first.output, { name: "Ada" });
  assert.deepEqual(first.warnings.map(({ type, feature }) => [type, feature]), [["compatibility", "responseFormat"]]);
  assert.deepEqual((await generateText({ model, prompt: "?", output })).output, { name: "Bob" });
  const sent = await bodies();
  assert.deepEqual(sent.map(({ response_format: format }) => format?.type), ["json_schema", "json_schema", "json_object", undefined, undefined]);
  assert.equal(sent[1].response_format.json_schema.strict, undefined);
  assert.match(sent[3].messages[0].content, /"name"/);
});

test("a stream that is cut is interrupted, and keeps what came", async () => {
  const { model, stats } = await scripted([{ sse: [chunk({ content: "Hel" }), chunk({ tool_calls: [call("c1", "weather", '{"city":"Be')] })], cut: "reset" }]);
  const errors = [];
  const result = streamText({ model, prompt: "Hello", tools: { weather }, stopWhen: stepCountIs(3), onError: ({ error }) => errors.push(error) });
  assert.equal(await result.text, "Hel");
  assert.equal(await result.finishReason, "interrupted");
  assert.deepEqual(errors, []);
  assert.equal((await stats("closed")).requests, 1);
});

test("an error in a stream is a part, and the stream ends", async () => {
  const { model } = await scripted([{ errorFrame: 1 }]);
  const parts = await partsOf(model);
  assert.deepEqual(types(parts).slice(-2), ["error", "finish"]);
  const { error } = parts.at(-2);
  assert.ok(APICallError.isInstance(error));
  assert.equal(error.isRetryable, false);
  assert.equal(parts.at(-1).finishReason.unified, "error");
});

test("errors are the SDK's and this package's, and are not tried again by the SDK", async () => {
  const { model, stats } = await scripted([{ status: 429, times: 9 }]);
  const error = await generateText({ model, prompt: "Hello" }).catch((error) => error);
  assert.ok(APICallError.isInstance(error) && AISDKError.isInstance(error));
  assert.ok(error instanceof RateLimitError);
  assert.deepEqual([error.statusCode, error.isRetryable, error.attempts], [429, false, 3]);
  assert.equal(error.requestBodyValues.model, MODEL);
  assert.equal(typeof error.responseBody, "string");
  assert.equal(typeof error.responseHeaders, "object");
  assert.equal((await stats()).requests, 3);
});

test("no key is the SDK's LoadAPIKeyError, and no image model its NoSuchModelError", async () => {
  const token = process.env.HF_TOKEN;
  delete process.env.HF_TOKEN;
  try {
    const { huggingface } = await load("ai-sdk.js");
    const error = await generateText({ model: huggingface(MODEL), prompt: "Hello" }).catch((error) => error);
    assert.ok(LoadAPIKeyError.isInstance(error), error);
  } finally {
    if (token !== undefined) process.env.HF_TOKEN = token;
  }
  assert.throws(() => createHuggingFace({ apiKey: "hf_libraries" }).imageModel("x"), (error) => NoSuchModelError.isInstance(error));
});

test("a limit of the client's is not tried again", async () => {
  const { hf, model } = await scripted([whole({ content: "Hi" })], { limits: { requestsPerMinute: 1, onLimit: "error" } });
  await generateText({ model, prompt: "Hello" });
  const error = await generateText({ model, prompt: "Hello" }).catch((error) => error);
  assert.equal(error.name, "LimitExceededError");
  assert.ok(AISDKError.isInstance(error));
  assert.equal(hf.client.snapshot().spend.requests, 2);
});

test("an abort ends the call down to the socket", async () => {
  const { model, stats } = await scripted([{ sse: [chunk({ content: "a" })], stallAfter: 1 }, { stallBeforeHeaders: true }]);
  const abort = new AbortController();
  const { stream: parts } = await model.doStream({ prompt, abortSignal: abort.signal });
  const reader = parts.getReader();
  await reader.read();
  const pending = reader.read();
  abort.abort();
  await assert.rejects(pending, { name: "AbortError" });
  assert.equal((await stats("closed")).disconnected, 1);
  const second = new AbortController();
  const refused = assert.rejects(generateText({ model, prompt: "Hello", abortSignal: second.signal }), { name: "AbortError" });
  await stats("requests:2");
  second.abort();
  await refused;
  assert.equal((await stats("closed")).disconnected, 2);
});

test("a stream that is cancelled closes its socket and is settled", async () => {
  const settlements = [];
  const { model, stats } = await scripted([{ sse: [chunk({ content: "a" }), chunk({ content: "b" })], delayMs: 5, stallAfter: 400 }], { onSettled: (settlement) => settlements.push(settlement) });
  const { stream: parts } = await model.doStream({ prompt });
  const reader = parts.getReader();
  while ((await reader.read()).value.type !== "text-delta");
  await reader.cancel();
  assert.equal((await stats("closed")).disconnected, 1);
  assert.deepEqual(settlements.map(({ outcome }) => outcome), ["aborted"]);
});

test("raw chunks come if they are asked for", async () => {
  const { model } = await scripted([stream({ content: "a" }), stream({ content: "a" })]);
  const raw = (await partsOf(model, { includeRawChunks: true })).filter(({ type }) => type === "raw");
  assert.deepEqual(raw[0].rawValue, chunk({ content: "a" }));
  assert.ok(!types(await partsOf(model)).includes("raw"));
});

test("sources and images of an answer are parts of it", async () => {
  const annotations = [{ type: "url_citation", url_citation: { url: "https://example.org/1", title: "One" } }];
  const images = [{ type: "image_url", image_url: { url: "data:image/png;base64,iVBORw==" } }];
  const expected = [
    { type: "file", mediaType: "image/png", data: { type: "data", data: "iVBORw==" } },
    { type: "source", sourceType: "url", id: "source-0", url: "https://example.org/1", title: "One" },
    { type: "source", sourceType: "url", id: "source-1", url: "https://example.org/2" },
  ];
  const citations = ["https://example.org/1", "https://example.org/2"];
  const { model } = await scripted([whole({ content: "Hi", annotations, images }, "stop", { citations }), stream({ content: "Hi", annotations, images }, { ...end(), citations })]);
  const kept = (parts) => parts.filter(({ type }) => ["source", "file"].includes(type)).sort((a, b) => (a.type + a.id < b.type + b.id ? -1 : 1));
  assert.deepEqual(kept((await model.doGenerate({ prompt })).content), expected);
  assert.deepEqual(kept(await partsOf(model)), expected);
});

test("a refusal is a text whose finish reason says so", async () => {
  const refusal = { content: null, refusal: "No." };
  const { model } = await scripted([whole(refusal), whole(refusal, null), stream({ refusal: "No." })]);
  for (const result of [await generateText({ model, prompt: "?" }), await generateText({ model, prompt: "?" })]) assert.deepEqual([result.text, result.finishReason], ["No.", "content-filter"]);
  const streamed = streamText({ model, prompt: "?" });
  assert.deepEqual([await streamed.text, await streamed.finishReason], ["No.", "content-filter"]);
});

for (const [raw, unified] of [["length", "length"], ["content_filter", "content-filter"], ["eos_token", "stop"], ["stop_sequence", "stop"], ["whatever", "other"], ["toString", "other"]]) {
  test(`finish reason ${raw} is ${unified}`, async () => {
    const { model } = await scripted([stream({ content: "a" }, end(raw)), whole({ content: "a" }, raw)]);
    const { finishReason } = (await partsOf(model)).at(-1);
    assert.equal(finishReason.unified, unified);
    assert.equal((await model.doGenerate({ prompt })).finishReason.unified, unified);
  });
}

test("ToolLoopAgent, a registry, a custom provider and middleware take its models", async () => {
  const { hf, model } = await scripted([
    whole({ content: null, tool_calls: [call("c1", "weather", '{"city":"Bern"}')] }, "tool_calls"), whole({ content: "done" }),
    whole({ content: "registry" }), whole({ content: "custom" }), whole({ content: "Well, <think>hm</think>Hi" }), whole({ content: "all at once" }),
  ]);
  assert.equal((await new ToolLoopAgent({ model, tools: { weather } }).generate({ prompt: "Weather?" })).text, "done");
  const registry = createProviderRegistry({ hf });
  assert.equal((await generateText({ model: registry.languageModel(`hf:${MODEL}`), prompt: "?" })).text, "registry");
  const custom = customProvider({ languageModels: { small: model }, fallbackProvider: hf });
  assert.equal((await generateText({ model: custom.languageModel("small"), prompt: "?" })).text, "custom");
  const thinking = wrapLanguageModel({ model, middleware: extractReasoningMiddleware({ tagName: "think" }) });
  assert.equal((await generateText({ model: thinking, prompt: "?" })).reasoningText, "hm");
  const simulated = wrapLanguageModel({ model, middleware: simulateStreamingMiddleware() });
  assert.equal(await streamText({ model: simulated, prompt: "?" }).text, "all at once");
});

test("embed and embedMany", async () => {
  const { hf, bodies } = await scripted();
  const model = hf.embeddingModel("org/embedder");
  const { embedding, usage, providerMetadata } = await embed({ model, value: "Hello", providerOptions: { huggingface: { normalize: true } } });
  assert.equal(embedding.length, 384);
  assert.ok(usage.tokens > 0);
  assert.equal(providerMetadata.hfetch.attempts, 1);
  const values = Array.from({ length: 70 }, (_, at) => `text ${at}`);
  const { embeddings } = await embedMany({ model, values });
  const again = await embed({ model, value: values[69] });
  assert.deepEqual(embeddings[69], again.embedding);
  const sent = await bodies();
  assert.equal(sent[0].normalize, true);
  assert.deepEqual(sent.slice(1, 4).map(({ input }) => input.length).sort(), [32, 32, 6]);
  const { embeddings: [short] } = await model.doEmbed({ values: ["a"], dimensions: 8 });
  assert.equal(short.length, 8);
});

test("embedMany splits by bytes as well", async () => {
  const { hf } = await scripted();
  const model = hf.embeddingModel("org/embedder");
  const lengths = [];
  const counting = Object.assign(Object.create(Object.prototype, Object.getOwnPropertyDescriptors(model)), { doEmbed: (options) => (lengths.push(options.values.length), model.doEmbed(options)) });
  await embedMany({ model: counting, values: Array.from({ length: 4 }, () => "x".repeat(900_000)) });
  assert.deepEqual(lengths, [2, 2]);
});

test("rerank, on texts and objects, and on the client", async () => {
  const { hf, bodies } = await scripted();
  const model = hf.rerankingModel("BAAI/bge-reranker-v2-m3");
  const documents = ["rain in Basel", "sun in Bern", "snow"];
  const { ranking, rerankedDocuments, providerMetadata } = await rerank({ model, query: "sun in Bern", documents, topN: 2 });
  assert.deepEqual(ranking.map(({ originalIndex }) => originalIndex), [1, 0]);
  assert.deepEqual(rerankedDocuments, ["sun in Bern", "rain in Basel"]);
  assert.equal(providerMetadata.hfetch.attempts, 1);
  const objects = await rerank({ model, query: "sun", documents: [{ city: "Basel", sky: "rain" }, { city: "Bern", sky: "sun" }] });
  assert.equal(objects.ranking[0].originalIndex, 1);
  const pending = hf.client.rerank.create({ model: "org/re", query: "sun", documents: Array.from({ length: 40 }, (_, at) => (at === 35 ? "sun" : "rain")) });
  const { results } = await pending;
  assert.equal(results.length, 40);
  assert.deepEqual(results[0], { index: 35, relevance_score: 1 });
  const settlement = await pending.settled;
  assert.deepEqual([settlement.kind, settlement.outcome, settlement.attempts, settlement.usage.source], ["rerank", "ok", 2, "reported"]);
  assert.deepEqual(Object.keys((await bodies())[0]), ["model", "query", "texts"]);
});

test("one client serves both, and its settings hold", async () => {
  const client = new HuggingFace({ apiKey: "hf_libraries", baseURL: `${endpoint.url}/v1` });
  const hf = createHuggingFace(client);
  assert.equal(hf.client, client);
  await generateText({ model: hf(MODEL), prompt: "Hello" });
  assert.equal(client.snapshot().spend.requests, 1);
});

test("options of one call reach the client, and a wrong one is named", async () => {
  const settled = [];
  const { model, stats } = await scripted([{ status: 503 }], { onSettled: ({ metadata }) => settled.push(metadata) });
  await assert.rejects(generateText({ model, prompt: "Hello", providerOptions: { hfetch: { retry: false, metadata: { user: "a" } } } }));
  assert.equal((await stats()).requests, 1);
  assert.deepEqual(settled, [{ user: "a" }]);
  await assert.rejects(generateText({ model, prompt: "Hello", providerOptions: { hfetch: { timeuot: 1 } } }), { name: "ConfigError", path: "timeuot" });
});

const completions = typeof new HuggingFace({ apiKey: "hf_libraries" }).completions?.create === "function";
test("completion models go on with a text", { skip: !completions && "the client has no completions" }, async () => {
  const answer = { id: "cmpl-1", object: "text_completion", created: 1790000000, model: "served", choices: [{ index: 0, text: " time", finish_reason: "stop", logprobs: null }], usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 } };
  const piece = (text, reason = null) => ({ ...answer, usage: null, choices: [{ index: 0, text, finish_reason: reason, logprobs: null }] });
  const { hf, bodies } = await scripted([{ json: answer }, { sse: [piece(" ti"), piece("me"), piece("", "eos_token")], done: true }, { sse: [piece(" ti")], cut: "end" }, { json: answer }]);
  const model = hf.completionModel("org/base");
  const result = await generateText({ model, prompt: "Once upon a", maxOutputTokens: 5, seed: 1 });
  assert.deepEqual([result.text, result.finishReason, result.usage.totalTokens], [" time", "stop", 4]);
  const streamed = streamText({ model, prompt: "Once upon a" });
  assert.deepEqual([await streamed.text, await streamed.finishReason], [" time", "stop"]);
  assert.equal(await streamText({ model, prompt: "Once upon a" }).finishReason, "interrupted");
  await generateText({ model, system: "Be brief.", messages: [{ role: "user", content: "a" }, { role: "assistant", content: "b" }, { role: "user", content: "c" }] });
  const sent = await bodies();
  assert.deepEqual([sent[0].prompt, sent[0].max_tokens, sent[0].seed], ["Once upon a", 5, 1]);
  assert.equal(sent[3].prompt, "Be brief.\n\nuser:\na\n\nassistant:\nb\n\nuser:\nc\n\nassistant:\n");
  assert.deepEqual(sent[3].stop, ["\nuser:"]);
});

test("a route of one call asks another model, and who was tried stands in the metadata", async () => {
  const { model, bodies } = await scripted([{ status: 503 }, whole({ content: "Hi" })]);
  const { text, providerMetadata } = await generateText({ model, prompt: "Hello", providerOptions: { hfetch: { route: { models: ["org/other"] } } } });
  assert.equal(text, "Hi");
  assert.deepEqual((await bodies()).map(({ model }) => model), [MODEL, "org/other"]);
  const { tried, attempts } = providerMetadata.hfetch;
  assert.equal(attempts, 2);
  assert.deepEqual(tried.map(({ model, status, error }) => [model, status, error]), [[MODEL, 503, "InternalServerError"]]);
});

test("a cost that the server reports is the one that is told", async () => {
  const { model } = await scripted([whole({ content: "Hi" }, "stop", { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, cost: 0.5 } })]);
  const { costUsd, costSource } = (await generateText({ model, prompt: "Hello" })).providerMetadata.hfetch;
  assert.deepEqual([costUsd, costSource], [0.5, "reported"]);
});

test("cached tokens are found under the names that servers give them", async () => {
  const usages = [{ cached_tokens: 4 }, { prompt_cache_hit_tokens: 4 }, { prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 } }, { prompt_tokens_details: { cached_tokens: null } }];
  const { model } = await scripted(usages.map((more) => whole({ content: "Hi" }, "stop", { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, ...more } })));
  const found = [];
  for (const _ of usages) found.push((await model.doGenerate({ prompt })).usage.inputTokens);
  assert.deepEqual(found.map(({ noCache, cacheRead, cacheWrite }) => [noCache, cacheRead, cacheWrite]), [[6, 4, undefined], [6, 4, undefined], [6, 4, 2], [undefined, undefined, undefined]]);
});

test("a fetch of the program's own may give headers that can't be listed", async () => {
  const body = new TextEncoder().encode(JSON.stringify(whole({ content: "Hi" }).json));
  const answer = () => ({ status: 200, headers: { get: () => null }, body: new ReadableStream({ start: (controller) => (controller.enqueue(body), controller.close()) }) });
  const { model } = await scripted([], { fetch: async () => answer() });
  assert.equal((await generateText({ model, prompt: "Hello" })).text, "Hi");
  const { model: refused } = await scripted([], { fetch: async () => ({ ...answer(), status: 400 }) });
  assert.ok(APICallError.isInstance(await generateText({ model: refused, prompt: "Hello" }).catch((error) => error)));
});

test("headers of a call are sent", async () => {
  const { model, stats } = await scripted([whole({ content: "Hi" })]);
  await generateText({ model, prompt: "Hello", headers: { "x-trace": "1", "x-none": undefined } });
  const [headers] = (await stats()).headers;
  assert.equal(headers["x-trace"], "1");
  assert.match(headers["user-agent"], /^ai\//);
  assert.equal(headers["x-none"], undefined);
});

test("a model that thinks in silence and stalls is an error, not an end", async () => {
  const { model } = await scripted([{ sse: [chunk({ content: "a" }), chunk({ content: "b" })], stallAfter: 250 }], { timeout: { idle: 40 } });
  const parts = await partsOf(model);
  assert.deepEqual(types(parts).slice(-2), ["error", "finish"]);
  assert.equal(parts.at(-2).error.name, "APIConnectionTimeoutError");
  assert.equal(parts.at(-1).finishReason.unified, "error");
  assert.ok(types(parts).includes("text-end"));
});

test("a model whose offers take no schema, as the catalogue says, is told of it in words at once", async () => {
  const catalogue = { json: { object: "list", data: [{ id: MODEL, object: "model", created: 1, owned_by: "o", providers: [{ provider: "together", status: "live", supports_structured_output: false }] }] } };
  const id = "ai-sdk-catalogue";
  await endpoint.script(id, [catalogue, whole({ content: '{"name":"Ada"}' })]);
  const there = (url, init) => fetch(url.replace("https://router.huggingface.co/v1", `${endpoint.url}/s/${id}/v1`), init);
  const hf = createHuggingFace({ apiKey: "hf_libraries", fetch: there });
  await hf.client.models.list();
  const { output, warnings } = await generateText({ model: hf(MODEL), system: "Be brief.", prompt: "?", output: Output.object({ schema: z.object({ name: z.string() }) }) });
  assert.deepEqual([output, warnings.length], [{ name: "Ada" }, 1]);
  const { bodies } = await endpoint.stats(id);
  const body = typeof bodies.at(-1) === "string" ? JSON.parse(bodies.at(-1)) : bodies.at(-1);
  assert.deepEqual(body.response_format, { type: "json_object" });
  assert.deepEqual(body.messages.map(({ role }) => role), ["system", "user"]);
  assert.match(body.messages[0].content, /^Be brief\.[^]*"name"/);
});
