// Tool runs as useChat reads them: the calls of the server's own tools, their results, and how a run ends.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { readUIMessageStream, uiMessageChunkSchema } from "ai";
import { root } from "../../../scripts/run.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const load = (name) => import(pathToFileURL(join(packageFolder, "dist", name)).href);
const { HuggingFace } = await load("index.js");
const { fromUIMessages, toUIMessageStreamResponse } = await load("ai-sdk.js");
const { validate } = uiMessageChunkSchema();
const MODEL = "meta-llama/Llama-3.1-8B-Instruct";

let endpoint;
before(async () => (endpoint = await startEndpoint({ pace: 0 })));
after(() => endpoint.close());

const object = (properties) => ({ schema: { type: "object", properties } });
const call = (id, name, args) => ({ id, type: "function", function: { name, arguments: args } });
const chunk = (delta, finish_reason = null) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: MODEL, choices: [{ index: 0, delta, finish_reason }] });
const used = { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } };
/** One answer, as a stream and whole. */
const step = (message, finish_reason = "stop") => ({
  streamed: { sse: [chunk({ role: "assistant" }), chunk({ ...message, ...(message.tool_calls && { tool_calls: message.tool_calls.map((each, index) => ({ index, ...each })) }) }), chunk({}, finish_reason), { ...chunk({}), choices: [], ...used }], done: true },
  whole: { json: { id: "c", object: "chat.completion", created: 1, model: MODEL, choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason }], ...used } },
});

let count = 0;
/** A run against an endpoint with these answers. */
function runOf(steps, tools, { stream = true, signal, options } = {}) {
  const id = `tools-${count++}`;
  endpoint.script(id, steps.map((each) => each[stream ? "streamed" : "whole"] ?? each));
  const hf = new HuggingFace({ apiKey: "hf_a_key_of_some_length", baseURL: `${endpoint.url}/s/${id}/v1`, model: MODEL, retry: false, pricing: { [MODEL]: { inputPerMillion: 1_000_000, outputPerMillion: 1_000_000 } }, ...options });
  return { id, run: hf.chat.completions.runTools({ messages: [{ role: "user", content: "Go." }], tools, stream }, { signal }) };
}

async function messageOf(response) {
  const text = await response.text();
  const frames = text.split("\n\n").filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice(6)));
  for (const frame of frames) assert.ok((await validate(frame)).success, JSON.stringify(frame));
  assert.ok(text.endsWith("data: [DONE]\n\n"));
  const errors = [];
  let message;
  const stream = new ReadableStream({ start: (to) => (frames.forEach((frame) => to.enqueue(frame)), to.close()) });
  for await (const state of readUIMessageStream({ stream, onError: (error) => errors.push(error.message) })) message = state;
  return { message, frames, errors };
}

const told = (message) => message.parts.map(({ type, text, toolCallId, input, output, errorText }) => (type === "text" ? text : type.startsWith("tool-") ? [type, toolCallId, input, output ?? errorText] : type));

const weather = { name: "weather", parameters: object({ city: { type: "string" } }), execute: ({ city }) => ({ city, degrees: 21 }) };
const broken = {
  name: "broken", parameters: object({}),
  execute() {
    throw new Error("postgres://user:secret@host");
  },
};

for (const stream of [true, false]) {
  const way = stream ? "streamed" : "whole";
  test(`${way}: each step with its calls and their results, then the words; the metadata is the sum; it goes back as it was`, async () => {
    const { run } = runOf([step({ content: "Looking.", tool_calls: [call("a", "weather", '{"city":"Ghent"}'), call("b", "broken", "{}")] }), step({ content: "It is fine." })], [weather, broken], { stream });
    const { message, frames, errors } = await messageOf(toUIMessageStreamResponse(run));
    assert.deepEqual(errors, []);
    assert.deepEqual(told(message), [
      "step-start", "Looking.",
      ["tool-weather", "a", { city: "Ghent" }, { city: "Ghent", degrees: 21 }],
      ["tool-broken", "b", {}, "The tool failed."],
      "step-start", "It is fine.",
    ]);
    assert.deepEqual([frames.at(-1).finishReason, message.metadata.usage.total_tokens, message.metadata.cost.usd], ["stop", 30, 30]);
    assert.equal((await run.settled).usage.total_tokens, 30);
    const history = fromUIMessages([message]);
    assert.deepEqual(history.map(({ role }) => role), ["assistant", "tool", "tool", "assistant"]);
    assert.deepEqual(history[0].tool_calls, [call("a", "weather", '{"city":"Ghent"}'), call("b", "broken", "{}")]);
  });

  test(`${way}: an unknown tool, and arguments that don't fit, are errors of their calls`, async () => {
    const { run } = runOf([step({ content: null, tool_calls: [call("a", "nothing", "{}"), call("b", "weather", '{"city":')] }), step({ content: "Well." })], [weather], { stream });
    const { message, errors } = await messageOf(toUIMessageStreamResponse(run));
    assert.deepEqual(errors, []);
    assert.deepEqual(message.parts.filter(({ type }) => type.startsWith("tool-")).map(({ type, state }) => [type, state]), [["tool-nothing", "output-error"], ["tool-weather", "output-error"]]);
    assert.equal(message.parts.at(-1).text, "Well.");
  });

  test(`${way}: calls that their server gave one id, or none, have their own results`, async () => {
    const double = { name: "double", parameters: object({ n: { type: "number" } }), execute: ({ n }) => n * 2 };
    for (const id of ["0", "", "same"]) {
      const { run } = runOf([step({ content: null, tool_calls: [call(id, "double", '{"n":1}'), call(id, "double", '{"n":2}')] }), step({ content: "So." })], [double], { stream });
      const { message } = await messageOf(toUIMessageStreamResponse(run));
      const calls = message.parts.filter(({ type }) => type === "tool-double");
      assert.deepEqual(calls.map(({ input, output }) => [input.n, output]), [[1, 2], [2, 4]], `"${id}"`);
      assert.equal(new Set(calls.map(({ toolCallId }) => toolCallId)).size, 2);
    }
  });

  test(`${way}: an error in a later step keeps what came before it`, async () => {
    const { run } = runOf([step({ content: "Looking.", tool_calls: [call("a", "weather", '{"city":"Ghent"}')] }), { status: 400 }], [weather], { stream });
    const { message, frames, errors } = await messageOf(toUIMessageStreamResponse(run));
    assert.deepEqual([errors, message.parts.at(-1).output, frames.find(({ type }) => type === "finish").finishReason], [["The answer failed."], { city: "Ghent", degrees: 21 }, "error"]);
  });
}

test("nothing of a run is lost while its response waits to be read", async () => {
  const { id, run } = runOf([step({ content: "First.", tool_calls: [call("a", "weather", "{}")] }), step({ content: "Second." })], [weather]);
  const response = toUIMessageStreamResponse(run);
  await run.settled;
  assert.equal((await endpoint.stats(id, "closed")).requests, 2);
  assert.deepEqual(told((await messageOf(response)).message).filter((part) => typeof part === "string" && part !== "step-start"), ["First.", "Second."]);
});

test("whoever leaves ends the run: in the middle of an answer, and in the middle of a tool", async () => {
  const { id, run } = runOf([{ ...step({ content: "Long ".repeat(200) }).streamed, stallAfter: 400 }], [weather]);
  const reader = toUIMessageStreamResponse(run).body.getReader();
  await reader.read();
  await reader.read();
  await reader.cancel();
  assert.equal((await run.settled).outcome, "aborted");
  assert.equal((await endpoint.stats(id, "disconnected:1")).open, 0);

  let signal;
  const begun = Promise.withResolvers();
  const slow = { name: "slow", parameters: object({}), execute: (_, context) => new Promise(() => ((signal = context.signal), begun.resolve())) };
  const { id: other, run: second } = runOf([step({ content: null, tool_calls: [call("a", "slow", "{}")] })], [slow]);
  const body = toUIMessageStreamResponse(second).body.getReader();
  await begun.promise;
  await body.read();
  await body.cancel();
  await second.settled;
  assert.ok(signal.aborted);
  assert.deepEqual([(await endpoint.stats(other, "closed")).requests], [1]);
});
