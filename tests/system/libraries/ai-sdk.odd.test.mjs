// Answers of odd servers as parts of the AI SDK: indexes that are null, lists with holes, missing arguments.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readUIMessageStream } from "ai";
import { chunk, end, load, prompt, scripted, stream, whole } from "./setting/provider.mjs";

const { fromUIMessages, toUIMessageStreamResponse } = await load("ai-sdk.js");

const partsIn = async (model) => {
  const parts = [];
  for await (const part of (await model.doStream({ prompt })).stream) parts.push(part);
  return parts;
};
const call = (id, args, more) => ({ id, type: "function", function: { name: "t", arguments: args }, ...more });
const sent = { content: "a", annotations: [null, 5, { type: "url_citation", url_citation: { url: "https://example.com/" } }], images: [null], reasoning_details: [null, { type: "reasoning.text", text: "q", index: 0 }] };

test("lists with holes in them", async () => {
  const around = { citations: [null, 5, "https://example.org/"], search_results: [null] };
  const { model } = await scripted([whole(sent, "stop", around), stream({ ...chunk(sent), ...around }, end())]);
  const { content } = await model.doGenerate({ prompt });
  const urls = ["https://example.com/", "https://example.org/"];
  assert.deepEqual(content.filter(({ type }) => type === "source").map(({ url }) => url), urls);
  assert.deepEqual(content.filter(({ type }) => type !== "source").map(({ type, text }) => [type, text]), [["reasoning", "q"], ["text", "a"]]);
  const parts = await partsIn(model);
  assert.equal(parts.find(({ type }) => type === "error"), undefined);
  assert.deepEqual(parts.filter(({ type }) => type === "source").map(({ url }) => url).sort(), urls);
  assert.deepEqual(parts.filter(({ delta }) => delta).map(({ delta }) => delta), ["q", "a"]);
});

test("a choice whose index is null is the first", async () => {
  const { model } = await scripted([stream(chunk({ content: "a" }, { index: null }), chunk({}, { index: null, finish_reason: "length" }))]);
  const parts = await partsIn(model);
  assert.equal(parts.find(({ type }) => type === "text-delta").delta, "a");
  assert.equal(parts.at(-1).finishReason.unified, "length");
});

test("ids that had to be made are words, and calls whose index is null stay apart", async () => {
  for (const more of [{ index: null }, {}, { index: 0 }]) {
    const calls = [call(null, "{}", more), call(null, '{"x":1}', more.index === 0 ? { index: 1 } : more)];
    const { model } = await scripted([stream({ tool_calls: calls }, end("tool_calls"))]);
    const made = (await partsIn(model)).filter(({ type }) => type === "tool-call");
    assert.deepEqual(made.map(({ input }) => input), ["{}", '{"x":1}']);
    assert.equal(new Set(made.map(({ toolCallId }) => toolCallId)).size, 2);
    for (const { toolCallId } of made) assert.match(toolCallId, /^call_[a-z\d]{10,}$/);
  }
});

test("a call without a name is one of a tool that there isn't: the model hears of it, and the conversation goes on", async () => {
  for (const name of [undefined, null, ""]) {
    const asked = { id: "a1", type: "function", function: { name, arguments: '{"x":1}' } };
    const { model, hf } = await scripted([whole({ content: null, tool_calls: [asked] }, "tool_calls"), stream({ tool_calls: [{ index: 0, ...asked }] }, end("tool_calls")), stream({ tool_calls: [{ index: 0, ...asked }] }, end("tool_calls"))]);
    const told = [(await model.doGenerate({ prompt })).content, await partsIn(model)].map((parts) => parts.find(({ type }) => type === "tool-call"));
    assert.deepEqual(told.map(({ toolName, input }) => [toolName, input]), [["unknown", '{"x":1}'], ["unknown", '{"x":1}']]);
    const response = toUIMessageStreamResponse(hf.client.chat.completions.create({ model: "org/model", messages: [{ role: "user", content: "Hello" }], stream: true }));
    const frames = (await response.text()).split("\n\n").filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice(6)));
    let message;
    for await (const state of readUIMessageStream({ stream: new ReadableStream({ start: (to) => (frames.forEach((frame) => to.enqueue(frame)), to.close()) }) })) message = state;
    const turns = fromUIMessages([message, { role: "user", parts: [{ type: "text", text: "Go on." }] }]);
    assert.deepEqual(turns.map(({ role }) => role), ["assistant", "tool", "user"]);
    assert.equal(turns[0].tool_calls[0].function.name, "unknown");
  }
});

test("arguments that are null are none", async () => {
  const { model } = await scripted([whole({ content: null, tool_calls: [call("a", null)] }, "tool_calls"), stream({ tool_calls: [call("a", null, { index: 0 })] }, end("tool_calls"))]);
  assert.equal((await model.doGenerate({ prompt })).content[0].input, "");
  assert.equal((await partsIn(model)).find(({ type }) => type === "tool-call").input, "");
});

test("a server that refuses a form in the first frame of a stream is asked in the next", async () => {
  const refusal = { sse: [{ error: { message: "Input validation error: grammar is not valid", http_status_code: 422 } }], done: true };
  const { model, stats } = await scripted([refusal, refusal, stream({ content: '{"a":1}' }), stream({ content: '{"a":2}' })]);
  const responseFormat = { type: "json", schema: { type: "object", properties: {} } };
  for (const text of ['{"a":1}', '{"a":2}']) {
    const parts = [];
    for await (const part of (await model.doStream({ prompt, responseFormat })).stream) parts.push(part);
    assert.deepEqual(parts.filter(({ type }) => type === "text-delta").map(({ delta }) => delta), [text]);
    assert.equal(parts.at(-1).finishReason.unified, "stop");
  }
  const { bodies } = await stats("closed");
  assert.deepEqual(bodies.map((body) => body.response_format?.type), ["json_schema", "json_schema", "json_object", "json_object"]);
});

test("a stream with a form that fails otherwise before its first chunk fails where it is read", async () => {
  const { model, stats } = await scripted([{ sse: [], cutAfter: 0, cut: "end" }, { sse: [{ error: { message: "out of memory", http_status_code: 500 } }], done: true }], { retry: false });
  for (const unified of ["interrupted", "error"]) {
    const parts = [];
    for await (const part of (await model.doStream({ prompt, responseFormat: { type: "json" } })).stream) parts.push(part);
    assert.equal(parts.at(-1).finishReason.unified, unified);
  }
  assert.equal((await stats("closed")).requests, 2);
});
