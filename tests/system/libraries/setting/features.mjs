// The features that a provider of the AI SDK should have, as one list that runs on several providers. An answer of the model's server is written once, and sent in the format that
// the provider reads: a chat completion, or a response of the Responses API.

import assert from "node:assert/strict";
import { Output, embedMany, generateText, rerank, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const IDENTITY = { id: "chat-1", created: 1790000000, model: "served" };
const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 2 } };

/** An answer: {text, field (the name of the reasoning), reasoning, calls: [[name, arguments]], finish, usage}. */
export const chat = {
  whole({ text = null, field = "reasoning_content", reasoning, calls, finish = "stop", usage = USAGE }) {
    const message = { role: "assistant", content: text, ...(reasoning && { [field]: reasoning }), ...(calls && { tool_calls: calls.map(chatCall) }) };
    return { json: { ...IDENTITY, object: "chat.completion", choices: [{ index: 0, message, finish_reason: finish }], ...(usage && { usage }) } };
  },
  stream({ text = "", pieces = [text], field = "reasoning_content", reasoning, calls = [], finish = "stop", usage = USAGE, cut, error }) {
    const chunk = (delta, reason = null) => ({ ...IDENTITY, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: reason }] });
    const deltas = [...(reasoning ? [{ [field]: reasoning }] : []), ...pieces.filter(Boolean).map((content) => ({ content })), ...calls.map((call, at) => ({ tool_calls: [{ index: at, ...chatCall(call, at) }] }))];
    const sse = deltas.map((delta) => chunk(delta));
    if (cut) return { sse, cut: "end", cutAfter: 1e6 };
    if (error) return { sse: [...sse, { error: { message: "the model failed", type: "server_error" } }] };
    return { sse: [...sse, chunk({}, finish), ...(usage ? [{ ...chunk({}), choices: [], usage }] : [])], done: true };
  },
};

const chatCall = ([name, args], at) => ({ id: `call-${at}`, type: "function", function: { name, arguments: args } });

const outputOf = ({ text, reasoning, calls = [] }) => [
  ...(reasoning ? [{ type: "reasoning", id: "r", content: [{ type: "reasoning_text", text: reasoning }], summary: [] }] : []),
  ...(text ? [{ type: "message", id: "m", role: "assistant", status: "completed", content: [{ type: "output_text", text, annotations: [] }] }] : []),
  ...calls.map(([name, args], at) => ({ type: "function_call", id: `f-${at}`, call_id: `call-${at}`, name, arguments: args })),
];
const responseOf = (answer) => ({
  id: "resp-1", object: "response", created_at: 1790000000, model: "served", status: "completed", error: null, instructions: null, max_output_tokens: null, metadata: null, tool_choice: "auto", tools: [],
  temperature: 1, top_p: 1, incomplete_details: answer.finish === "length" ? { reason: "max_output_tokens" } : null, output: outputOf(answer),
  ...(answer.usage !== null && { usage: { input_tokens: 10, input_tokens_details: { cached_tokens: 4 }, output_tokens: 5, output_tokens_details: { reasoning_tokens: 2 }, total_tokens: 15 } }),
});
export const responses = {
  whole: (answer) => ({ json: responseOf(answer) }),
  stream(answer) {
    const events = [{ type: "response.created", response: { ...responseOf(answer), output: [], usage: null } }];
    for (const [at, item] of outputOf({ ...answer, text: answer.text ?? answer.pieces?.join("") }).entries()) {
      const place = { output_index: at, item_id: item.id };
      events.push({ type: "response.output_item.added", output_index: at, item: { ...item, ...(item.content && { content: [] }), ...(item.arguments && { arguments: "" }) } });
      if (item.type === "message") events.push({ type: "response.output_text.delta", ...place, content_index: 0, delta: item.content[0].text });
      if (item.type === "reasoning") events.push({ type: "response.reasoning_text.delta", ...place, content_index: 0, delta: item.content[0].text }, { type: "response.reasoning_text.done", ...place, content_index: 0, text: item.content[0].text });
      events.push({ type: "response.output_item.done", output_index: at, item });
    }
    if (answer.error) events.push({ type: "response.failed", response: { ...responseOf(answer), status: "failed", error: { code: "server_error", message: "the model failed" } } });
    else if (!answer.cut) events.push({ type: "response.completed", response: responseOf(answer) });
    return { sse: events.map((event, sequence_number) => ({ ...event, sequence_number })), ...(answer.cut && { cut: "end", cutAfter: 1e6 }) };
  },
};

const weather = tool({ description: "The weather", inputSchema: z.object({ city: z.string() }), execute: ({ city }) => `sunny in ${city}` });
const CALL = ["weather", '{"city":"Ghent"}'];
const schema = z.object({ name: z.string() });
const withReasoning = [{ role: "user", content: "Hello" }, { role: "assistant", content: [{ type: "reasoning", text: "hm" }, { type: "text", text: "Hi" }] }, { role: "user", content: "Sure?" }];

async function streamed(options) {
  const errors = [];
  const result = streamText({ ...options, onError: ({ error }) => errors.push(error) });
  const parts = [];
  for await (const part of result.fullStream) parts.push(part);
  return { result, parts, errors };
}

/**
 * Each feature has the server's answers (a function marks one that streams, an object with `status` is sent unchanged) and what must follow. `run` gets
 * { provider, model, url (of the stand-in endpoint), bodies, stats }.
 */
export const FEATURES = {
  "text, whole": [[{ text: "Hi" }], async ({ model }) => assert.equal((await generateText({ model, prompt: "?" })).text, "Hi")],
  "text, streamed": [[{ stream: true, pieces: ["H", "i"] }], async ({ model }) => assert.equal(await streamText({ model, prompt: "?" }).text, "Hi")],
  "usage with cached and reasoning tokens": [[{ text: "Hi" }], async ({ model }) => {
    const { inputTokenDetails, outputTokenDetails } = (await generateText({ model, prompt: "?" })).usage;
    assert.deepEqual([inputTokenDetails.cacheReadTokens, outputTokenDetails.reasoningTokens], [4, 2]);
  }],
  "usage that is missing is undefined, not 0": [[{ text: "Hi", usage: null }], async ({ model }) => {
    const { inputTokens, outputTokens } = (await generateText({ model, prompt: "?" })).usage;
    assert.deepEqual([inputTokens, outputTokens], [undefined, undefined]);
  }],
  "temperature, top_p and the limit of tokens are sent": [[{ text: "Hi" }], async ({ model, bodies }) => {
    await generateText({ model, prompt: "?", temperature: 0.5, topP: 0.9, maxOutputTokens: 9 });
    const [body] = await bodies();
    assert.deepEqual([body.temperature, body.top_p, body.max_tokens ?? body.max_output_tokens], [0.5, 0.9, 9]);
  }],
  "seed, stop, penalties and top_k are sent": [[{ text: "Hi" }], async ({ model, bodies }) => {
    await generateText({ model, prompt: "?", seed: 1, stopSequences: ["END"], presencePenalty: 0.1, frequencyPenalty: 0.2, topK: 5 });
    const [{ seed, stop, presence_penalty: presence, frequency_penalty: frequency, top_k: top }] = await bodies();
    assert.deepEqual([seed, stop, presence, frequency, top], [1, ["END"], 0.1, 0.2, 5]);
  }],
  "a level of reasoning is sent": [[{ text: "Hi" }], async ({ model, bodies }) => {
    await generateText({ model, prompt: "?", reasoning: "low" });
    const [body] = await bodies();
    assert.equal(body.reasoning_effort ?? body.reasoning?.effort, "low");
  }],
  "reasoning parts": [[{ stream: true, text: "Hi", reasoning: "hm" }], async ({ model }) => {
    const result = streamText({ model, prompt: "?" });
    assert.deepEqual([await result.reasoningText, await result.text], ["hm", "Hi"]);
  }],
  "<think> in the text": [[{ stream: true, pieces: ["<thi", "nk>hm</think>", "Hi"] }], async ({ model }) => {
    const result = streamText({ model, prompt: "?" });
    assert.deepEqual([await result.reasoningText, await result.text], ["hm", "Hi"]);
  }],
  "reasoning goes back under the name it came by": [[{ text: "Hi", reasoning: "hm", field: "reasoning" }, { text: "Yes" }], async ({ model, bodies }) => {
    const { response } = await generateText({ model, prompt: "?" });
    await generateText({ model, messages: [{ role: "user", content: "?" }, ...response.messages, { role: "user", content: "Sure?" }] });
    assert.equal((await bodies())[1].messages[1].reasoning, "hm");
  }],
  "a server that refuses reasoning is asked without": [[{ status: 400, json: { error: { message: "reasoning is not permitted" } } }, { text: "Yes" }], async ({ model }) => {
    assert.equal((await generateText({ model, messages: withReasoning })).text, "Yes");
  }],
  "a tool, over two steps": [[{ calls: [CALL], finish: "tool_calls" }, { text: "done" }], async ({ model }) => {
    const { text, steps } = await generateText({ model, prompt: "?", tools: { weather }, stopWhen: stepCountIs(3) });
    assert.deepEqual([text, steps.length, steps[0].toolResults[0].output], ["done", 2, "sunny in Ghent"]);
  }],
  "the history keeps which call a result answers": [[{ calls: [CALL], finish: "tool_calls" }, { text: "done" }], async ({ model, bodies }) => {
    await generateText({ model, prompt: "?", tools: { weather }, stopWhen: stepCountIs(3) });
    const [, second] = await bodies();
    const items = second.messages ?? second.input;
    assert.ok(items.some((item) => item.tool_calls?.[0].id === "call-0" || (item.type === "function_call" && item.call_id === "call-0")));
    assert.ok(items.some((item) => item.tool_call_id === "call-0" || (item.type === "function_call_output" && item.call_id === "call-0")));
  }],
  "tools side by side, streamed": [[{ stream: true, calls: [CALL, ["weather", '{"city":"Bern"}']], finish: "tool_calls" }, { stream: true, text: "done" }], async ({ model }) => {
    const result = streamText({ model, prompt: "?", tools: { weather }, stopWhen: stepCountIs(3) });
    assert.equal(await result.text, "done");
    assert.deepEqual((await result.steps)[0].toolCalls.map(({ input }) => input.city), ["Ghent", "Bern"]);
  }],
  'tool calls whose server says "stop"': [[{ calls: [CALL], finish: "stop" }, { text: "done" }], async ({ model }) => {
    const { steps } = await generateText({ model, prompt: "?", tools: { weather }, stopWhen: stepCountIs(3) });
    assert.equal(steps[0].finishReason, "tool-calls");
  }],
  "a tool that must be called": [[{ calls: [CALL], finish: "tool_calls" }], async ({ model, bodies }) => {
    await generateText({ model, prompt: "?", tools: { weather }, toolChoice: "required" });
    assert.equal((await bodies())[0].tool_choice, "required");
  }],
  "Output.object": [[{ text: '{"name":"Ada"}' }], async ({ model, bodies }) => {
    assert.deepEqual((await generateText({ model, prompt: "?", output: Output.object({ schema }) })).output, { name: "Ada" });
    const [body] = await bodies();
    assert.equal((body.response_format ?? body.text.format).type, "json_schema");
  }],
  "Output.object where the server knows no schemas": [[{ status: 400, json: { error: { message: "response_format json_schema is not supported" } } }, { text: '{"name":"Ada"}' }], async ({ model }) => {
    assert.deepEqual((await generateText({ model, prompt: "?", output: Output.object({ schema }) })).output, { name: "Ada" });
  }],
  "an image by its address is left to the server": [[{ text: "a cat" }], async ({ model, url, bodies }) => {
    const image = `${url}/a.png`;
    await generateText({ model, messages: [{ role: "user", content: [{ type: "text", text: "?" }, { type: "file", mediaType: "image/png", data: new URL(image) }] }] });
    assert.ok(JSON.stringify((await bodies())[0]).includes(image));
  }],
  "sound in the prompt": [[{ text: "a bird" }], async ({ model, bodies }) => {
    await generateText({ model, messages: [{ role: "user", content: [{ type: "text", text: "?" }, { type: "file", mediaType: "audio/wav", data: "UklGRg==" }] }] });
    assert.match(JSON.stringify((await bodies())[0]), /UklGRg==/);
  }],
  "finish reason length": [[{ text: "Hi", finish: "length" }], async ({ model }) => assert.equal((await generateText({ model, prompt: "?" })).finishReason, "length")],
  "a cut stream is interrupted, with what came": [[{ stream: true, text: "Hi", cut: true }], async ({ model }) => {
    const { result, errors } = await streamed({ model, prompt: "?" });
    assert.deepEqual([await result.text, await result.finishReason, errors], ["Hi", "interrupted", []]);
  }],
  "an error in a stream is told": [[{ stream: true, text: "Hi", error: true }], async ({ model }) => {
    const { errors } = await streamed({ model, prompt: "?" });
    assert.equal(errors.length, 1);
  }],
  "429 ends well after a pause": [[{ status: 429, headers: { "retry-after": "0" } }, { text: "Hi" }], async ({ model }) => assert.equal((await generateText({ model, prompt: "?" })).text, "Hi")],
  "a 503 that stays is asked for 3 times, no more": [[{ status: 503, headers: { "retry-after-ms": "1" }, times: 9 }], async ({ model, stats }) => {
    await assert.rejects(generateText({ model, prompt: "?" }));
    assert.equal((await stats()).requests, 3);
  }],
  "an abort closes the socket": [[{ stream: true, text: "Hi", stall: true }], async ({ model, stats }) => {
    const abort = new AbortController();
    const result = streamText({ model, prompt: "?", abortSignal: abort.signal });
    const reading = result.consumeStream();
    await stats("requests:1");
    abort.abort();
    await reading;
    assert.equal((await stats("closed")).disconnected, 1);
  }],
  "the price of a call": [[{ text: "Hi" }], async ({ model }) => {
    const { providerMetadata } = await generateText({ model, prompt: "?" });
    assert.equal(providerMetadata?.hfetch?.costUsd, 0.00002);
  }],
  embedMany: [[], async ({ provider }) => {
    const model = (provider.embeddingModel ?? provider.textEmbeddingModel)("org/embedder");
    const { embeddings, usage } = await embedMany({ model, values: ["a", "b"] });
    assert.deepEqual([embeddings.length, usage.tokens > 0], [2, true]);
  }],
  "embedMany of more than the server takes at once": [[], async ({ provider }) => {
    const values = Array.from({ length: 70 }, (_, at) => `text ${at}`);
    const { embeddings } = await embedMany({ model: provider.embeddingModel("org/embedder"), values, maxRetries: 0 });
    assert.equal(embeddings.length, 70);
  }],
  rerank: [[], async ({ provider }) => {
    const { ranking } = await rerank({ model: provider.rerankingModel("org/reranker"), query: "sun", documents: ["rain", "sun"] });
    assert.equal(ranking[0].originalIndex, 1);
  }],
};
