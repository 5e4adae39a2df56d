// The effects of a stream on its host: listeners, timers, backpressure, odd responses.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MODEL, PROMPT, drain, failure, hfetch, scripted } from "./setting/installed.mjs";

const open = (hf, options, body = {}) => hf.chat.completions.create({ messages: PROMPT, stream: true, ...body }, options);
const bytes = (text) => new TextEncoder().encode(text);
const FRAME = 'data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\n\n';

/** A client whose fetch returns this response. */
function answering(response) {
  return new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, retry: false, fetch: async () => response });
}
const eventStream = { headers: { "content-type": "text/event-stream" } };

test("a long-lived signal has no listener of ours after any end", async () => {
  const { signal } = new AbortController();
  const script = scripted({}, { stallAfter: 700 }, { errorFrame: 2 }, { status: 400 }, { cutAfter: 800 }, {}, {}, { json: [[1]] });
  const hf = script.client({ retry: false });
  await drain(await open(hf, { signal }));
  for await (const _ of await open(hf, { signal })) break;
  await drain(await open(hf, { signal }));
  await failure(open(hf, { signal }));
  await drain(await open(hf, { signal }));
  await (await open(hf, { signal })).final();
  await hf.chat.completions.create({ messages: PROMPT }, { signal });
  await hf.embeddings.create({ model: "m/m", input: "x" }, { signal });
  await hf.models.list({ signal });
  const refused = [() => hf.chat.completions.create({ messages: [] }, { signal }), () => hf.models.list({ signal, headers: { "x-mine": 1 } })];
  for (const ask of refused) assert.equal((await failure((async () => ask())())).name, "ConfigError");
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("calls that share a signal share one listener, which none of them takes from the others", async (context) => {
  const warnings = [];
  const warned = (warning) => warnings.push(warning);
  process.on("warning", warned);
  context.after(() => process.off("warning", warned));
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = () => getEventListeners(signal, "abort").length;
  const fetch = (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  const hf = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, fetch });
  const calls = Array.from({ length: 100 }, () => failure(hf.chat.completions.create({ messages: PROMPT }, { signal })));
  const timedOut = failure(hf.chat.completions.create({ messages: PROMPT }, { signal, timeout: { total: 1 } }));
  const throws = failure(hf.models.list({ signal, timeout: { total: 1 } }));
  assert.equal(listeners(), 1);
  assert.deepEqual([(await timedOut).name, (await throws).name, listeners()], ["APIConnectionTimeoutError", "APIConnectionTimeoutError", 1]);
  controller.abort(new Error("enough"));
  const names = new Set((await Promise.all(calls)).map(({ name }) => name));
  assert.deepEqual([...names, listeners()], ["APIUserAbortError", 0]);
  await new Promise(setImmediate);
  assert.deepEqual(warnings, []);
});

test("nothing of ours keeps a process alive", async () => {
  const { baseURL } = scripted({}, { stallAfter: 700 }, { status: 500 }, {});
  const code = `
    process.env.NODE_TEST_CONTEXT = "";
    const { createRequire } = await import("node:module");
    const entry = process.env.HFETCH_PACKAGE ? createRequire(process.env.HFETCH_PACKAGE + "/package.json").resolve("hfetch") : "hfetch";
    const { HuggingFace } = await import(entry);
    const hf = new HuggingFace({ apiKey: "hf_x", baseURL: ${JSON.stringify(baseURL)}, model: "m/m", retry: { baseDelay: 1 }, timeout: { connect: 60000, idle: 60000, total: 60000 } });
    const ask = () => hf.chat.completions.create({ messages: [{ role: "user", content: "x" }], stream: true });
    for await (const _ of await ask());
    for await (const _ of await ask()) break;
    await (await ask()).final();
    console.log("ended");`;
  const started = performance.now();
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], { cwd: fileURLToPath(new URL(".", import.meta.url)), timeout: 20_000 });
  assert.match(stdout, /ended/);
  assert.ok(performance.now() - started < 15_000, "it ended by itself, not by a timer");
});

test("toReadableStream pulls no faster than it is read", async () => {
  let pulled = 0;
  const body = new ReadableStream({ pull: (controller) => controller.enqueue(bytes(FRAME.repeat(10)), (pulled += 1)) }, { highWaterMark: 0 });
  const stream = await open(answering(new Response(body, eventStream)));
  const reader = stream.toReadableStream().getReader();
  await reader.read();
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(pulled <= 3, `${pulled} pulled for one read`);
  await reader.cancel();
  assert.equal((await stream.settled).outcome, "aborted");
});

test("iteration pulls no faster than it is read", async () => {
  let pulled = 0;
  const body = new ReadableStream({ pull: (controller) => controller.enqueue(bytes(FRAME), (pulled += 1)) }, { highWaterMark: 0 });
  const stream = await open(answering(new Response(body, eventStream)));
  await stream.next();
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(pulled <= 3, `${pulled} pulled for one chunk`);
  await stream.return();
});

test("a stream nobody starts to read is closed after its idle time", async () => {
  const script = scripted({ stallAfter: 700 });
  const stream = await open(script.client({ timeout: { idle: 60 } }));
  assert.equal((await script.closed()).disconnected, 1);
  assert.notEqual((await stream.settled).outcome, "ok");
});

test("the chunks of one stream share no objects", async () => {
  const { client } = scripted({ fixture: "filter-results.sse" });
  const { items } = await drain(await open(client()));
  items[0].choices[0].content_filter_results.hate.filtered = "changed";
  items[0].choices[0].delta.content = "changed";
  assert.equal(items[1].choices[0].content_filter_results.hate.filtered, false);
  assert.equal(items[1].choices[0].delta.content, " two");
});

test("a chunk the caller changes doesn't change what final() folds", async () => {
  const { client } = scripted({ fixture: "role-only-first-chunk.sse" });
  const stream = await open(client());
  for await (const chunk of stream) chunk.choices = [];
  assert.equal((await stream.final()).choices[0].message.content, "Paris is the capital.");
});

test("responses by shape: an object that is no Response, read through getReader only", async () => {
  const pieces = [bytes(FRAME), bytes('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n')];
  let released = false;
  const reader = { read: async () => (pieces.length ? { done: false, value: pieces.shift() } : { done: true, value: undefined }), cancel: async () => {}, releaseLock: () => (released = true), closed: new Promise(() => {}) };
  const response = { status: 200, ok: true, headers: { get: (name) => (name.toLowerCase() === "content-type" ? "text/event-stream" : null) }, body: { getReader: () => reader } };
  const stream = await open(answering(response));
  assert.equal((await drain(stream)).items.length, 2);
  assert.ok(released, "the reader's lock is given back");
});

test("bodies that are locked, used, absent or lie about their pieces are typed errors", async () => {
  const locked = new Response("x", eventStream);
  locked.body.getReader();
  const used = new Response("x", eventStream);
  await used.text();
  const liar = (value) => ({ status: 200, headers: new Headers(eventStream.headers), body: { getReader: () => ({ read: async () => value, cancel: async () => {}, releaseLock: () => {} }) } });
  const odd = [locked, used, new Response(null, eventStream), liar(undefined), liar({ done: false, value: "text" }), liar({ done: false, value: 7 }), liar({ done: true })];
  for (const [i, response] of odd.entries()) {
    const pending = open(answering(response));
    const error = await pending.then(async (stream) => (await drain(stream)).error, (reason) => reason);
    assert.ok(error instanceof hfetch.APIError, `${i}: ${error?.stack ?? error}`);
    assert.notEqual((await pending.settled).outcome, "ok", String(i));
  }
});

test("a reader that rejects with anything is StreamTruncatedError with that as its cause", async () => {
  for (const reason of [new Error("gone"), "a string", undefined]) {
    let reads = 0;
    const body = new ReadableStream({ pull: (controller) => ((reads += 1) === 1 ? controller.enqueue(bytes(FRAME)) : controller.error(reason)) }, { highWaterMark: 0 });
    const { items, error } = await drain(await open(answering(new Response(body, eventStream))));
    assert.deepEqual([items.length, error.name], [1, "StreamTruncatedError"]);
    assert.equal(error.cause, reason);
  }
});

test("final() awaited inside the loop does not wait for the loop, which misses nothing", async () => {
  const { client, closed } = scripted({ fixture: "metadata-changes.sse", split: 50, times: 2 });
  const stream = await open(client());
  const ids = [];
  for await (const chunk of stream) {
    ids.push(chunk.id);
    assert.equal((await stream.final()).choices[0].message.content, "thequickbrownfoxjumpsoverit");
  }
  assert.deepEqual(ids, ["gen-0000", "gen-0001", "gen-0002", "gen-0003", "gen-0004", "gen-0005", "gen-0006", "gen-9999"]);
  const left = await open(client());
  await left.next();
  assert.equal((await left.final()).choices[0].finish_reason, "stop");
  assert.equal((await left.settled).outcome, "ok");
  await closed();
});

test("many at once on one client: every stream has its own answer", async () => {
  const { client, closed } = scripted();
  const hf = client();
  const answers = await Promise.all(Array.from({ length: 60 }, async (_, i) => (await drain((await open(hf, {}, { messages: [{ role: "user", content: `number ${i}.` }] })).text())).items.join("")));
  for (const [i, text] of answers.entries()) assert.ok(text.startsWith(`You said: number ${i}.`), text);
  assert.equal((await closed()).completed, 60);
});

test("iterating twice is a clear error, the first reader goes on", async () => {
  const stream = await open(scripted().client());
  const first = stream[Symbol.asyncIterator]();
  await first.next();
  assert.throws(() => stream.text(), /reader|read by/i);
  assert.equal((await drain({ [Symbol.asyncIterator]: () => first })).error, null);
  assert.equal((await stream.settled).outcome, "ok");
});

test("a proxy that answers a stream slowly in odd pieces changes nothing", async () => {
  const { client } = scripted({ fixture: "multilingual.sse", split: [1, 2, 40, 41, 200, 201, 202, 203], delayMs: 2 });
  const whole = scripted({ fixture: "multilingual.sse" });
  const [a, b] = [await drain(await open(client())), await drain(await open(whole.client()))];
  assert.deepEqual(a, b);
});

test("a body that nobody reads is given up after the idle timeout, and errors for whoever comes back to it", async () => {
  const script = scripted({ drip: 1 }, { stallAfter: 700 });
  const hf = script.client({ retry: false, timeout: { idle: 200 } });
  const stream = await open(hf);
  const reader = stream.toReadableStream().getReader();
  await reader.read();
  const { outcome } = await stream.settled;
  assert.equal(outcome, "aborted");
  assert.equal((await script.stats("disconnected:1")).disconnected, 1);
  const error = await failure(reader.read());
  assert.deepEqual([error.name, error.cause.name, error.cause.message], ["APIUserAbortError", "TimeoutError", "nobody has read the stream for 200 ms (timeout.idle)"]);
  // If a server is silent, its reader isn't to blame.
  const silent = await open(hf);
  assert.equal((await failure(new Response(silent.toReadableStream()).text())).name, "APIConnectionTimeoutError");
});

test("a body whose last words are not read is whole all the same, and a loop of one's own may pause", async () => {
  const last = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
  const silentAfter = (text) => new Response(new ReadableStream({ start: (body) => body.enqueue(bytes(text)) }), eventStream);
  const hf = (response) => new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, retry: false, timeout: { idle: 40 }, fetch: async () => response });
  const stream = await open(hf(silentAfter(FRAME + last)));
  const reader = stream.toReadableStream().getReader();
  await reader.read();
  assert.equal((await stream.settled).outcome, "ok");
  assert.deepEqual(await reader.read(), { value: undefined, done: true });
  let rest;
  const looped = await open(hf(new Response(new ReadableStream({ start: (body) => (rest = body).enqueue(bytes(FRAME)) }), eventStream)));
  let chunks = 0;
  for await (const _ of looped) {
    if (chunks++ > 0) continue;
    const unread = await open(hf(silentAfter(FRAME)));
    await unread.toReadableStream().getReader().read();
    // The loop has paused for as long as the other stream's timeout, which is this one's as well.
    assert.equal((await unread.settled).outcome, "aborted");
    rest.enqueue(bytes(last));
    rest.close();
  }
  assert.deepEqual([chunks, (await looped.settled).outcome], [2, "ok"]);
});

test("a stream's own properties take no shape of their own, which would keep it until all memory is looked through", async () => {
  const script = scripted({}, {});
  const hf = script.client({});
  const [one, other] = [await open(hf), await open(hf)];
  assert.deepEqual(Object.keys(one), ["controller", "response", "settled"]);
  const getter = (stream) => Object.getOwnPropertyDescriptor(stream, "controller").get;
  assert.equal(getter(one), getter(other));
  assert.notEqual(one.controller, other.controller);
  assert.throws(() => (one.response = null), TypeError);
  for (const stream of [one, other]) await drain(stream);
});

test("streams share the place where their network chunks are put, and none reads another's", async () => {
  const word = (text) => bytes(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })}\n\n`);
  const end = bytes('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
  const lengths = [1, 3_000, 70_000, 5];
  const streams = lengths.map((length, at) => {
    const text = String(at).repeat(length);
    const parts = [word(text).subarray(0, 40), word(text).subarray(40), word("!"), end];
    const body = new ReadableStream({ pull: (controller) => (parts.length > 0 ? controller.enqueue(parts.shift()) : controller.close()) }, { highWaterMark: 0 });
    return { text: `${text}!`, stream: open(answering(new Response(body, eventStream))) };
  });
  const read = await Promise.all(streams.map(async ({ stream }) => (await (await stream).final()).choices[0].message.content));
  assert.deepEqual(read, streams.map(({ text }) => text));
});
