// Random answers of odd servers, cut and failing anywhere: the provider's parts and useChat's frames stay well formed and agree, and the message that useChat
// makes of them can be sent again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readUIMessageStream, uiMessageChunkSchema } from "ai";
import { HuggingFace, createHuggingFace, load, prompt } from "./setting/provider.mjs";

const { fromUIMessages, toUIMessageStreamResponse } = await load("ai-sdk.js");
const { validate } = uiMessageChunkSchema();
const ROUNDS = 200;

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function answers(next) {
  const pick = (...list) => list[Math.floor(next() * list.length)];
  const text = () => pick("", "a", " ", "\n", "<think>", "</think>", "<thi", "nk>", "é😀", "<");
  const called = () => pick({ name: "f", arguments: pick("", "{", '{"x":', "1}", '{"x":1}', null, { x: 1 }) }, { arguments: pick("{}", '"', undefined) }, { name: pick("", null) });
  const call = () => ({ index: pick(0, 1, 5), id: pick("c1", "c2", "0", "", null, undefined), type: "function", function: called() });
  const field = pick("content", "reasoning", "reasoning_content", "reasoning_text");
  const delta = () => pick({}, null, { role: "assistant" }, { content: text() }, { content: text() }, { [field]: text() }, { content: text(), [field]: text() }, { tool_calls: [call()] }, { tool_calls: [call(), call()] }, { tool_calls: pick(null, [null]) },
    { annotations: [{ type: "url_citation", url_citation: { url: pick("https://a.example/", 7), title: pick("A", null) } }, null] }, { images: [{ image_url: { url: "data:image/png;base64,AA==" } }, {}] }, { refusal: text() });
  const usage = () => pick(undefined, null, {}, { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }, { prompt_tokens: "x", completion_tokens: -1 }, { completion_tokens: 2, completion_tokens_details: { reasoning_tokens: 9 } });
  const choice = (index = 0) => ({ index, delta: delta(), finish_reason: pick(null, null, undefined, "", "stop", "length", "tool_calls", "odd") });
  const chunk = () => ({ id: pick("c", "", null), model: pick("m", null), created: pick(1, 0, "x"), choices: pick([choice()], [choice()], [choice(), choice(1)], [choice(1)], [], null, [null]), usage: usage() });
  const chunks = Array.from({ length: Math.floor(next() * 8) }, chunk);
  if (next() < 0.8) chunks.push({ id: "c", choices: [{ index: 0, delta: {}, finish_reason: pick("stop", "tool_calls", "length") }] });
  if (next() < 0.1) chunks.push({ error: { message: "overloaded" } });
  const bytes = new TextEncoder().encode(`${chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join("")}${pick("data: [DONE]\n\n", "")}`);
  return { bytes: next() < 0.3 ? bytes.subarray(0, Math.floor(next() * bytes.length)) : bytes, size: pick(7, 60, Infinity) };
}

function bodyOf({ bytes, size }) {
  let at = 0;
  return new ReadableStream({ pull: (body) => (at < bytes.length ? body.enqueue(bytes.subarray(at, (at += Math.min(size, bytes.length)))) : body.close()) });
}

/** Checks that each block begins, goes on and ends, and that only calls are written meanwhile. */
function checkBlocks(parts) {
  const open = new Map();
  for (const { type, id, toolCallId, toolName } of parts) {
    const [, kind, edge] = /^(text|reasoning|tool-input)-(start|delta|end)$/.exec(type) ?? [];
    const key = id ?? toolCallId;
    if (edge === "start") {
      assert.ok(!open.has(key) && (kind !== "tool-input" || toolName), `${type} ${key}`);
      open.set(key, kind);
    } else if (edge) assert.equal(open.get(key), kind, `${type} ${key}`);
    if (edge === "end" && kind !== "tool-input") open.delete(key);
  }
  assert.ok([...open.values()].every((kind) => kind === "tool-input"), "all ends");
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const textIn = (parts, type) => parts.filter((part) => part.type === type).map(({ delta }) => delta).join("");

async function framesOf(response) {
  const frames = (await response.text()).split("\n\n").filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice("data: ".length)));
  for (const frame of frames) assert.ok((await validate(frame)).success, JSON.stringify(frame));
  return frames;
}

async function partsOf(model) {
  const parts = [];
  for await (const part of (await model.doStream({ prompt })).stream) parts.push(part);
  return parts;
}

async function messageOf(frames) {
  const errors = [];
  let message;
  const stream = new ReadableStream({ start: (to) => (frames.forEach((frame) => to.enqueue(frame)), to.close()) });
  for await (const state of readUIMessageStream({ stream, onError: (error) => errors.push(error.message) })) message = state;
  assert.deepEqual(errors, frames.filter(({ type }) => type === "error").map(({ errorText }) => errorText));
  return message;
}

/** Checks that every call of a conversation has a result before the conversation goes on, and that there are no other results. */
function checkTurns(turns) {
  const open = new Set();
  for (const { role, content, tool_calls = [], tool_call_id } of turns) {
    if (role === "tool") assert.ok(open.delete(tool_call_id));
    else assert.equal(open.size, 0);
    if (role === "assistant") assert.ok(content || tool_calls.length > 0);
    for (const { id, function: called } of tool_calls) {
      open.add(id);
      assert.ok(called.name && JSON.parse(called.arguments) !== undefined);
    }
  }
}

test(`${ROUNDS} random answers are well formed and the same as parts, as frames and as a message`, async () => {
  const next = seeded(25);
  for (let round = 0; round < ROUNDS; round++) {
    const answer = answers(next);
    const client = new HuggingFace({ apiKey: "hf_libraries", baseURL: "http://model.invalid/v1", model: "org/model", retry: false, fetch: async () => new Response(bodyOf(answer), { headers: { "content-type": "text/event-stream" } }) });
    try {
      const frames = await framesOf(toUIMessageStreamResponse(client.chat.completions.create({ messages: [{ role: "user", content: "Hello" }], stream: true })));
      const parts = await partsOf(createHuggingFace(client)("org/model"));
      for (const told of [frames, parts]) {
        checkBlocks(told);
        assert.equal(told.filter(({ type }) => type === "finish").length, 1);
      }
      for (const type of ["text-delta", "reasoning-delta"]) assert.equal(textIn(frames, type), textIn(parts, type));
      // If a server doesn't say to which call a piece belongs, that is a guess. Which calls there are, and of which tools, is not.
      const inputs = (told, type) => told.filter((part) => part.type === type).map(({ toolName, input }) => [toolName, input]);
      const whole = inputs(parts, "tool-call").filter(([, input]) => isJson(input.trim() || "{}")).map(([name, input]) => [name, JSON.parse(input.trim() || "{}")]);
      assert.deepEqual(inputs(frames, "tool-input-available"), whole);
      const { inputTokens, outputTokens } = parts.at(-1).usage;
      for (const count of Object.values({ ...inputTokens, text: outputTokens.text, ofAnswer: outputTokens.total })) assert.ok(count === undefined || count >= 0);
      const message = await messageOf(frames);
      const question = { role: "user", parts: [{ type: "text", text: "And?" }] };
      checkTurns(fromUIMessages([question, message, question]));
    } catch (error) {
      throw new Error(`round ${round}: ${error.message}\n${new TextDecoder().decode(answer.bytes)}`, { cause: error });
    }
  }
});
