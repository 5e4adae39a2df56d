// The stream for useChat, made without the `ai` package and read by useChat: the hook's own schema checks every frame, and the hook puts every message together.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { DefaultChatTransport, readUIMessageStream, uiMessageChunkSchema } from "ai";
import { root } from "../../../scripts/run.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const load = (name) => import(pathToFileURL(join(packageFolder, "dist", name)).href);
const { HuggingFace } = await load("index.js");
const { toUIMessageStreamResponse } = await load("ai-sdk.js");

const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
const KEY = "hf_a_key_of_some_length";
const messages = [{ role: "user", content: "Hello" }];

let endpoint;
before(async () => (endpoint = await startEndpoint({ pace: 0 })));
after(() => endpoint.close());

const client = (id, options) => new HuggingFace({ apiKey: KEY, baseURL: `${endpoint.url}/s/${id}/v1`, model: MODEL, retry: false, pricing: { [MODEL]: { inputPerMillion: 1, outputPerMillion: 2 } }, ...options });
const streamed = (hf, options) => hf.chat.completions.create({ messages, stream: true }, options);
const chunk = (delta, finish_reason = null) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: MODEL, choices: [{ index: 0, delta, finish_reason }] });
const event = (value) => `data: ${JSON.stringify(value)}\n\n`;
/** A client whose server answers with these chunks, cut after so many bytes. */
function canned(chunks, { cutAfter = Infinity, size = Infinity } = {}) {
  const bytes = new TextEncoder().encode(`${chunks.map(event).join("")}data: [DONE]\n\n`);
  const fetch = async () => new Response(pieces(bytes.subarray(0, cutAfter), size), { headers: { "content-type": "text/event-stream" } });
  return new HuggingFace({ apiKey: KEY, baseURL: "http://model.invalid/v1", model: MODEL, retry: false, fetch, pricing: { [MODEL]: { inputPerMillion: 1, outputPerMillion: 2 } } });
}

function pieces(bytes, size) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, (at += Math.min(size, bytes.length))));
    },
  });
}

/** The frames of a response, each checked with the schema that useChat uses. */
async function framesOf(response) {
  const text = await response.text();
  assert.ok(text.endsWith("data: [DONE]\n\n"), text.slice(-80));
  const lines = text.slice(0, -2).split("\n\n");
  assert.ok(lines.every((line) => /^data: [^\n]+$/.test(line)), "one line of data to a frame");
  const frames = lines.slice(0, -1).map((line) => JSON.parse(line.slice(6)));
  const { validate } = uiMessageChunkSchema();
  for (const frame of frames) {
    const result = await validate(frame);
    assert.ok(result.success, `${JSON.stringify(frame)}: ${result.error}`);
  }
  return frames;
}

/** The result of frames in useChat: the final message, and the error that was reported. */
async function messageOf(frames) {
  const errors = [];
  let message;
  const stream = new ReadableStream({ start: (controller) => (frames.forEach((frame) => controller.enqueue(frame)), controller.close()) });
  for await (const state of readUIMessageStream({ stream, onError: (error) => errors.push(error.message) })) message = state;
  return { message, errors };
}

const types = (frames) => frames.map(({ type }) => type);
const parts = (message) => message.parts.map(({ state, providerMetadata, ...part }) => part);

test("a plain answer: the headers of the protocol, a text, its end with the bill", async () => {
  const stream = await streamed(client("plain"));
  const response = toUIMessageStreamResponse(stream);
  assert.equal(response.status, 200);
  assert.deepEqual(
    ["content-type", "x-vercel-ai-ui-message-stream", "cache-control", "x-accel-buffering"].map((name) => response.headers.get(name)),
    ["text/event-stream", "v1", "no-cache", "no"],
  );
  const frames = await framesOf(response);
  const { message, errors } = await messageOf(frames);
  assert.deepEqual(errors, []);
  assert.deepEqual(parts(message).map(({ type }) => type), ["step-start", "text"]);
  assert.match(message.parts[1].text, /Hello/);
  assert.equal(message.parts[1].state, "done");
  const { finishReason } = frames.at(-1);
  assert.equal(finishReason, "stop");
  const { usage, cost } = await stream.settled;
  assert.deepEqual([message.metadata.usage.total_tokens, message.metadata.cost.usd], [usage.total_tokens, cost.usd]);
  assert.ok(message.metadata.cost.usd > 0);
  assert.ok(!("key" in message.metadata) && !("metadata" in message.metadata), "what the page need not know");
});

const THOUGHT = { thinking: "Let me see.", text: "It is 4." };
const WAYS_TO_THINK = {
  reasoning: [chunk({ role: "assistant", reasoning: "Let me " }), chunk({ reasoning: "see." }), chunk({ content: "It is " }), chunk({ content: "4." }), chunk({}, "stop")],
  reasoning_content: [chunk({ reasoning_content: "Let me see." }), chunk({ content: "It is 4." }, "stop")],
  think: [chunk({ content: "<thi" }), chunk({ content: "nk>Let me " }), chunk({ content: "see.</" }), chunk({ content: "think>\n\nIt is 4." }), chunk({}, "stop")],
};

for (const [field, chunks] of Object.entries(WAYS_TO_THINK)) {
  test(`reasoning in ${field} is a part of its own, and says by which name it came`, async () => {
    for (const size of [1, 7, Infinity]) {
      const frames = await framesOf(toUIMessageStreamResponse(await streamed(canned(chunks, { size }))));
      const { message } = await messageOf(frames);
      const [, thought, text, ...more] = message.parts;
      assert.deepEqual([thought.type, thought.text, text.type, text.text, more], ["reasoning", THOUGHT.thinking, "text", THOUGHT.text, []]);
      assert.deepEqual(thought.providerMetadata, { hfetch: { field } });
    }
    const quiet = await messageOf(await framesOf(toUIMessageStreamResponse(await streamed(canned(chunks)), { sendReasoning: false })));
    assert.deepEqual(parts(quiet.message), [{ type: "step-start" }, { type: "text", text: THOUGHT.text }]);
  });
}

test("a tag that is no thought is text", async () => {
  for (const text of ["<thin air>", "<", "Write <think> first, </think> last.", "<think", "  <b>"]) {
    for (const size of [1, Infinity]) {
      const chunks = [...text].map((content) => chunk({ content }));
      const { message } = await messageOf(await framesOf(toUIMessageStreamResponse(await streamed(canned([...chunks, chunk({}, "stop")], { size })))));
      assert.deepEqual(message.parts.filter(({ type }) => type !== "step-start").map((part) => part.text), [text]);
    }
  }
});

const CALLS = [
  chunk({ content: "Looking." }),
  chunk({ tool_calls: [{ index: 0, id: "one", type: "function", function: { name: "weather", arguments: "" } }] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":"Par' } }] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: 'is é"}' } }] }),
  chunk({ tool_calls: [{ index: 1, id: "two", type: "function", function: { name: "time", arguments: "{}" } }] }),
  chunk({}, "stop"),
];

test("calls of tools are streamed, and are there when the answer is over; `stop` beside them is tool-calls", async () => {
  for (const size of [1, Infinity]) {
    const frames = await framesOf(toUIMessageStreamResponse(await streamed(canned(CALLS, { size }))));
    assert.deepEqual(types(frames), [
      "start", "start-step", "text-start", "text-delta", "text-end", "tool-input-start", "tool-input-delta", "tool-input-delta",
      "tool-input-start", "tool-input-delta", "tool-input-available", "tool-input-available", "finish-step", "finish",
    ]);
    assert.equal(frames.at(-1).finishReason, "tool-calls");
    const { message } = await messageOf(frames);
    const calls = message.parts.filter(({ type }) => type.startsWith("tool-"));
    assert.deepEqual(calls.map(({ type, toolCallId, state, input }) => [type, toolCallId, state, input]), [
      ["tool-weather", "one", "input-available", { city: "Paris é" }],
      ["tool-time", "two", "input-available", {}],
    ]);
  }
});

test("parallel calls under one index, without an index, without an id, with arguments as an object", async () => {
  const shapes = [
    [[{ index: 0, id: "a", function: { name: "f", arguments: '{"x":1}' } }], [{ index: 0, id: "b", function: { name: "g", arguments: '{"y":2}' } }]],
    [[{ id: "a", function: { name: "f", arguments: '{"x":1}' } }], [{ id: "b", function: { name: "g", arguments: '{"y":2}' } }]],
    [[{ index: 0, function: { name: "f", arguments: '{"x":1}' } }, { index: 1, function: { name: "g", arguments: '{"y":2}' } }]],
    [[{ index: 0, id: "a", function: { name: "f", arguments: { x: 1 } } }, { index: 1, id: "b", function: { name: "g", arguments: { y: 2 } } }]],
  ];
  for (const shape of shapes) {
    const chunks = [...shape.map((tool_calls) => chunk({ tool_calls })), chunk({}, "tool_calls")];
    const { message } = await messageOf(await framesOf(toUIMessageStreamResponse(await streamed(canned(chunks)))));
    const calls = message.parts.filter(({ type }) => type.startsWith("tool-"));
    assert.deepEqual(calls.map(({ type, state, input }) => [type, state, input]), [["tool-f", "input-available", { x: 1 }], ["tool-g", "input-available", { y: 2 }]], JSON.stringify(shape));
    assert.equal(new Set(calls.map(({ toolCallId }) => toolCallId)).size, 2);
  }
});

test("arguments that are no JSON are an error of that call alone", async () => {
  const frames = await framesOf(toUIMessageStreamResponse(await streamed(canned([chunk({ tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: '{"x":' } }] }), chunk({}, "length")]))));
  const { message, errors } = await messageOf(frames);
  assert.deepEqual([message.parts.at(-1).state, errors, frames.at(-1).finishReason], ["output-error", [], "length"]);
});

test("a stream cut at any byte: valid frames, what came is kept, the reason is `interrupted`, and the error has no secret in it", async () => {
  const chunks = [...WAYS_TO_THINK.think.slice(0, 3), ...CALLS].map(({ choices: [{ delta, finish_reason }] }) => ({ choices: [{ delta, ...(finish_reason && { finish_reason }) }] }));
  const whole = new TextEncoder().encode(chunks.map(event).join(""));
  const seen = { interrupted: 0, "tool-calls": 0 };
  for (let cutAfter = 1; cutAfter <= whole.length; cutAfter += 1) {
    const stream = await streamed(canned(chunks, { cutAfter })).catch(() => undefined);
    if (stream === undefined) continue;
    const frames = await framesOf(toUIMessageStreamResponse(stream));
    const finish = frames.find(({ type }) => type === "finish");
    const { errors } = await messageOf(frames);
    const { outcome } = await stream.settled;
    assert.equal(finish.finishReason, outcome === "ok" ? "tool-calls" : outcome === "truncated" ? "interrupted" : "error", `${cutAfter}: ${outcome}`);
    assert.deepEqual(errors, outcome === "ok" ? [] : [outcome === "truncated" ? "The answer broke off before its end." : "The answer failed."], `${cutAfter}`);
    if (outcome !== "ok") assert.ok(!types(frames).includes("tool-input-available"), "a call that may not be whole is not made");
    seen[finish.finishReason] = (seen[finish.finishReason] ?? 0) + 1;
  }
  assert.ok(seen.interrupted > 100 && seen["tool-calls"] > 0, JSON.stringify(seen));
});

test("errors before the first byte and behind it are frames; onError finds its own words", async () => {
  const cases = [
    [[{ status: 401 }], /failed/],
    [[{ status: 429 }], /too many requests/i],
    [[{ errorFrame: 1 }], /failed/],
    [[{ cutAfter: 300 }], /broke off/],
  ];
  for (const [at, [steps, words]] of cases.entries()) {
    endpoint.script(`errors-${at}`, [...steps, ...steps]);
    const hf = client(`errors-${at}`);
    const frames = await framesOf(toUIMessageStreamResponse(streamed(hf)));
    const { errors } = await messageOf(frames);
    assert.equal(errors.length, 1);
    assert.match(errors[0], words);
    assert.ok(!JSON.stringify(frames).includes(KEY) && !JSON.stringify(frames).includes(endpoint.url));
    const told = [];
    const own = await messageOf(await framesOf(toUIMessageStreamResponse(streamed(hf), { onError: (error) => (told.push(error.name), `own words ${at}`) })));
    assert.deepEqual([own.errors, told.length], [[`own words ${at}`], 1]);
    assert.equal((await endpoint.stats(`errors-${at}`, "closed")).open, 0);
  }
});

test("whoever leaves ends the call: the socket is closed, and it is settled as aborted", async () => {
  for (const early of [false, true]) {
    endpoint.script(`leave-${early}`, [{ stallAfter: 400 }]);
    const settled = [];
    const hf = client(`leave-${early}`, { onSettled: (settlement) => settled.push(settlement) });
    const pending = streamed(hf);
    const response = toUIMessageStreamResponse(early ? pending : await pending);
    if (early) await response.body.cancel();
    else {
      const reader = response.body.getReader();
      await reader.read(); // start
      await reader.read(); // start-step
      const stuck = (async () => {
        while (!(await reader.read()).done);
      })();
      await reader.cancel();
      await stuck;
    }
    const stats = await endpoint.stats(`leave-${early}`, "disconnected:1");
    assert.deepEqual([stats.open, stats.timedOut], [0, undefined]);
    assert.equal((await pending.settled).outcome, "aborted");
    assert.deepEqual(settled.map(({ outcome }) => outcome), ["aborted"]);
  }
});

test("a promise that comes to nothing is told as an error, or as an abort, and is nobody's unhandled rejection", async () => {
  const unhandled = [];
  const hear = (error) => unhandled.push(error);
  process.on("unhandledRejection", hear);
  try {
    toUIMessageStreamResponse(Promise.reject(new Error("unread")));
    const failed = await framesOf(toUIMessageStreamResponse(Promise.reject(new Error("secret"))));
    assert.deepEqual([types(failed), failed.at(-1).errorText], [["start", "finish", "error"], "The answer failed."]);
    const stopped = await framesOf(toUIMessageStreamResponse(Promise.reject(new DOMException("stopped", "AbortError"))));
    assert.deepEqual(types(stopped), ["start", "message-metadata", "abort"]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(unhandled, []);
  } finally {
    process.off("unhandledRejection", hear);
  }
});

test("a stream that somebody else has read is refused at once", async () => {
  const stream = await streamed(canned([chunk({ content: "Hi" }, "stop")]));
  await stream.text().next();
  assert.throws(() => toUIMessageStreamResponse(stream), /already read/);
});

test("a call that its own signal ended says `abort`, not an error", async () => {
  endpoint.script("signal", [{ stallAfter: 400 }]);
  const controller = new AbortController();
  const response = toUIMessageStreamResponse(await streamed(client("signal"), { signal: controller.signal }));
  const reader = response.body.getReader();
  let text = "";
  for (let at = 0; at < 2; at++) text += new TextDecoder().decode((await reader.read()).value);
  controller.abort();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  const frames = await framesOf(new Response(text));
  assert.equal(frames.at(-1).type, "abort");
  assert.ok(!types(frames).includes("error"));
});

test("metadata, ids and headers are the caller's to choose", async () => {
  const options = {
    status: 201,
    headers: { "x-own": "1", "cache-control": "private" },
    messageMetadata: ({ part }) => (part.type === "start" ? { began: true } : { tokens: part.totalUsage.totalTokens, usd: part.settlement.cost.usd, why: part.finishReason }),
    generateMessageId: () => "made",
  };
  const response = toUIMessageStreamResponse(await streamed(client("choose")), options);
  assert.deepEqual([response.status, response.headers.get("x-own"), response.headers.get("cache-control")], [201, "1", "private"]);
  const { message } = await messageOf(await framesOf(response));
  assert.equal(message.id, "made");
  assert.ok(message.metadata.began && message.metadata.tokens > 0 && message.metadata.usd > 0);
  assert.equal(message.metadata.why, "stop");
  const goesOn = await framesOf(toUIMessageStreamResponse(await streamed(client("choose")), { ...options, originalMessages: [{ id: "theirs", role: "assistant", parts: [] }] }));
  assert.equal(goesOn[0].messageId, "theirs");
  const bare = await framesOf(toUIMessageStreamResponse(await streamed(client("choose")), { sendStart: false, sendFinish: false }));
  assert.ok(!types(bare).includes("start") && !types(bare).includes("finish"));
});

test("metadata that throws is an error of the answer, and the call ends all the same", async () => {
  for (const when of ["start", "finish"]) {
    const stream = await streamed(client("throws"));
    const messageMetadata = ({ part }) => {
      if (part.type === when) throw new Error("secret");
    };
    const { errors } = await messageOf(await framesOf(toUIMessageStreamResponse(stream, { messageMetadata })));
    assert.deepEqual(errors, ["The answer failed."]);
    assert.equal((await stream.settled).outcome, when === "start" ? "aborted" : "ok");
    assert.equal((await endpoint.stats("throws", "closed")).open, 0);
  }
});

test("cut anywhere on its way, it is what it was: by the transport that useChat has", async () => {
  const bytes = new Uint8Array(await toUIMessageStreamResponse(await streamed(canned([...WAYS_TO_THINK.think.slice(0, 3), ...CALLS]))).arrayBuffer());
  const frames = await framesOf(new Response(bytes));
  for (const size of [1, 2, 3, 5, 64]) {
    const transport = new DefaultChatTransport({ fetch: async () => new Response(pieces(bytes, size), { headers: { "content-type": "text/event-stream" } }) });
    const stream = await transport.sendMessages({ trigger: "submit-message", chatId: "c", messages: [], abortSignal: undefined });
    const read = [];
    for await (const frame of stream) read.push(frame);
    assert.deepEqual(read, frames);
  }
});

/** A tool run with the form that the contract describes. */
function runOf(events, more) {
  return { settled: Promise.resolve({ model: MODEL, provider: null, usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }, cost: { usd: 1 } }), async *[Symbol.asyncIterator]() { yield* events; }, ...more };
}

const call = (id, name, args) => ({ id, type: "function", function: { name, arguments: args } });

test("a run of tools: steps, results and errors, the text behind them", async () => {
  const { chunks, more } = { chunks: CALLS, more: [chunk({ content: "It is sunny." }), chunk({}, "stop")] };
  const event = (type, fields) => ({ type, ...fields });
  const run = runOf([
    ...chunks.map((value) => event("chunk", { chunk: value })),
    event("message", { message: { role: "assistant", content: "Looking.", tool_calls: [call("one", "weather", '{"city":"Paris é"}'), call("two", "time", "{}")] } }),
    event("tool-call", { id: "one", name: "weather", args: { city: "Paris é" } }),
    event("tool-call", { id: "two", name: "time", args: {} }),
    event("tool-result", { id: "two", name: "time", error: new Error("postgres://secret") }),
    event("tool-result", { id: "one", name: "weather", result: { degrees: 21 } }),
    event("step", {}),
    ...more.map((value) => event("chunk", { chunk: value })),
    event("message", { message: { role: "assistant", content: "It is sunny." } }),
    event("step", {}),
  ]);
  const frames = await framesOf(toUIMessageStreamResponse(run));
  const { message, errors } = await messageOf(frames);
  assert.deepEqual(errors, []);
  assert.deepEqual(message.parts.map(({ type, state, output, errorText, text }) => [type, state, output ?? errorText ?? text]), [
    ["step-start", undefined, undefined],
    ["text", "done", "Looking."],
    ["tool-weather", "output-available", { degrees: 21 }],
    ["tool-time", "output-error", "The tool failed."],
    ["step-start", undefined, undefined],
    ["text", "done", "It is sunny."],
  ]);
  assert.deepEqual([types(frames).filter((type) => type === "finish-step").length, frames.at(-1).finishReason, message.metadata.cost.usd], [2, "stop", 1]);
});

test("a run without chunks has the texts of its messages; what can't be written is said so; a run that is left is ended", async () => {
  const loop = {};
  loop.loop = loop;
  const run = runOf([
    { type: "message", message: { role: "assistant", reasoning: "Hm.", content: null, tool_calls: [call("a", "f", "{}")] } },
    { type: "tool-call", id: "a", name: "f", args: {} },
    { type: "tool-result", id: "a", name: "f", result: loop },
    { type: "step" },
    { type: "message", message: { role: "assistant", content: "Done." } },
  ]);
  const { message } = await messageOf(await framesOf(toUIMessageStreamResponse(run)));
  assert.deepEqual(message.parts.map(({ type, errorText, text }) => [type, errorText ?? text]), [
    ["step-start", undefined], ["reasoning", "Hm."], ["tool-f", "The tool's result can't be written as JSON."], ["step-start", undefined], ["text", "Done."],
  ]);
  const reasons = [];
  const endless = { abort: (reason) => reasons.push(reason), async *[Symbol.asyncIterator]() { for (;;) yield { type: "chunk", chunk: chunk({ content: "more " }) }; } };
  const reader = toUIMessageStreamResponse(endless).body.getReader();
  await reader.read();
  await reader.cancel("enough");
  assert.deepEqual(reasons, ["enough"]);
});

test("what is no stream is refused at once", () => {
  for (const source of [undefined, null, 1, "text", {}, []]) {
    assert.throws(() => toUIMessageStreamResponse(source), (error) => error.name === "ConfigError" && error.path === "source");
  }
});
