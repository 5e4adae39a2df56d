// A caller's own functions (fetch, store, key function, callbacks) may throw, lie, or never answer. Every call still ends once, with a typed error.
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { test } from "node:test";
import { MODEL, PROMPT, drain, failure, hfetch, scripted } from "./setting/installed.mjs";
import "./setting/unhandled.mjs";

const never = () => new Promise(() => {});
const frame = new TextEncoder().encode('data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\n\n');

function clientWith(options) {
  return new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, retry: false, ...options });
}

/** Calls create(), reads the answer, and returns the error and the settlement. */
async function ending(hf, request = {}, body = {}) {
  const settlements = [];
  const pending = hf.chat.completions.create({ messages: PROMPT, stream: true, ...body }, { ...request, onSettled: (one) => settlements.push(one) });
  const error = await pending.then(async (answer) => (body.stream === false ? null : (await drain(answer)).error), (reason) => reason);
  const settlement = await pending.settled;
  await nextTurn();
  assert.deepEqual(settlements, [settlement], "settled exactly once");
  assert.deepEqual([hf.snapshot().inFlight, hf.snapshot().queued], [0, 0]);
  return { error, settlement };
}

/** A response whose reader consists of these functions. */
function reading(reader) {
  const body = { getReader: () => ({ cancel: async () => {}, releaseLock: () => {}, ...reader }), cancel: async () => {} };
  return async () => ({ status: 200, headers: new Headers({ "content-type": "text/event-stream" }), body });
}

const aborting = () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort("enough"), 20);
  return { signal: abort.signal };
};

const SILENT = [
  ["a fetch that never answers", { fetch: never }],
  ["a reader that never answers", { fetch: reading({ read: never }) }],
  ["a reader that never answers, and whose cancel doesn't either", { fetch: reading({ read: never, cancel: never }) }],
  ["a key function that never answers", { apiKey: never, fetch: never }],
  ["a store that never answers", { store: { reserve: never, settle: never, release: never, block: never }, fetch: never }],
];
for (const [name, options] of SILENT) {
  test(`${name} can be aborted`, async () => {
    const { error, settlement } = await ending(clientWith(options), aborting());
    assert.deepEqual([error.name, error.cause, settlement.outcome], ["APIUserAbortError", "enough", "aborted"]);
  });
  test(`${name} is held to the total timeout`, async () => {
    const { error, settlement } = await ending(clientWith(options), { timeout: { total: 30 } });
    assert.deepEqual([error.name, error.phase, settlement.outcome], ["APIConnectionTimeoutError", "total", "error"]);
  });
}

test("a fetch that ignores its signal is held to the connect timeout; what it gives later is cancelled", async () => {
  let cancelled = 0;
  let answer;
  const late = { status: 200, headers: new Headers(), body: { getReader: () => assert.fail("nobody reads it"), cancel: async () => void (cancelled += 1) } };
  const { error } = await ending(clientWith({ fetch: () => new Promise((resolve) => (answer = () => resolve(late))) }), { timeout: { connect: 20 } });
  assert.equal(error.phase, "connect");
  answer();
  await nextTurn();
  assert.equal(cancelled, 1);
});

const LYING = [
  ["cancel gives undefined", { cancel: () => undefined }],
  ["cancel throws", { cancel: () => { throw new Error("cancel"); } }],
  ["cancel rejects", { cancel: () => Promise.reject(new Error("cancel")) }],
  ["releaseLock throws", { releaseLock: () => { throw new Error("lock"); } }],
];
for (const [name, reader] of LYING) {
  test(`a reader whose ${name}: break still ends the stream`, async () => {
    const hf = clientWith({ fetch: reading({ read: async () => ({ done: false, value: frame }), ...reader }) });
    const stream = await hf.chat.completions.create({ messages: PROMPT, stream: true });
    for await (const _ of stream) break;
    assert.equal((await stream.settled).outcome, "aborted");
  });
}

test("a reader that throws at once", async () => {
  const { error } = await ending(clientWith({ fetch: reading({ read: () => { throw new RangeError("read"); } }) }));
  assert.equal(error.name, "StreamTruncatedError");
  assert.equal(error.cause.message, "read");
});

test("headers that throw", async () => {
  const headers = { get: () => { throw new Error("headers"); } };
  for (const status of [200, 500]) {
    const { error } = await ending(clientWith({ fetch: async () => ({ status, headers, body: null }) }));
    assert.ok(error instanceof hfetch.APIError, String(error));
  }
});

test("an onSettled that throws or rejects reaches nobody", async () => {
  const { client } = scripted();
  for (const onSettled of [() => { throw new Error("mine"); }, async () => { throw new Error("mine"); }, () => Promise.reject("mine")]) {
    const hf = client({ onSettled });
    const pending = hf.chat.completions.create({ messages: PROMPT }, { onSettled });
    assert.equal((await pending).object, "chat.completion");
    assert.equal((await pending.settled).outcome, "ok");
  }
  await nextTurn();
});

test("a store that answers nonsense fails closed", async () => {
  for (const answer of [undefined, null, 7, "ok", {}, { ok: false }, { ok: 1 }, { ok: true }]) {
    let sent = 0;
    const none = async () => {};
    const fetch = async () => (sent += 1) && Response.json({ choices: [] });
    const hf = clientWith({ store: { reserve: async () => answer, settle: none, release: none, block: none }, fetch, limits: { onLimit: "error" } });
    const { error, settlement } = await ending(hf, {}, { stream: false });
    assert.ok(error instanceof hfetch.HfetchError, `${JSON.stringify(answer)}: ${error}`);
    assert.deepEqual([settlement.outcome, sent], ["error", 0], JSON.stringify(answer));
  }
});

test("a store whose settle and release fail breaks no answer", async () => {
  const boom = async () => { throw new Error("store"); };
  const { client } = scripted();
  const hf = client({ store: { reserve: async () => ({ ok: true, reservation: "r" }), settle: boom, release: boom, block: boom } });
  assert.equal((await hf.chat.completions.create({ messages: PROMPT })).object, "chat.completion");
});

test("a store whose settle never answers holds the settlement up for ten seconds, the answer not at all", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const fetch = async () => Response.json({ choices: [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }] });
  const hf = clientWith({ store: { reserve: async () => ({ ok: true, reservation: "r" }), settle: never, release: never, block: never }, fetch });
  const pending = hf.chat.completions.create({ messages: PROMPT });
  let settled = false;
  pending.settled.then(() => (settled = true));
  assert.equal((await pending).object, undefined);
  await nextTurn();
  t.mock.timers.tick(9_999);
  await nextTurn();
  assert.equal(settled, false);
  t.mock.timers.tick(1);
  assert.equal((await pending.settled).outcome, "ok");
});

test("withResponse of a failed call is one rejection, not two", async () => {
  const { client } = scripted({ status: 400 });
  const error = await failure(client().chat.completions.create({ messages: PROMPT }).withResponse());
  assert.equal(error.status, 400);
  await nextTurn();
});

const LISTENING = { aborted: false, addEventListener: () => {}, removeEventListener: () => {} };
const boom = () => {
  throw new Error("mine");
};
const SIGNALS = [
  ["whose addEventListener throws", { ...LISTENING, addEventListener: boom }, "ConfigError"],
  ["whose aborted throws", Object.defineProperty({ ...LISTENING }, "aborted", { get: boom }), "ConfigError"],
  ["whose removeEventListener throws", { ...LISTENING, removeEventListener: boom }, undefined],
  ["without removeEventListener", { ...LISTENING, removeEventListener: undefined }, undefined],
  ["that aborts at once", { ...LISTENING, addEventListener: (_, listener) => listener() }, "APIUserAbortError"],
];
for (const [name, signal, expected] of SIGNALS) {
  test(`a signal ${name}: every call ends as it should`, async () => {
    const { client } = scripted();
    const hf = client();
    const calls = [
      () => hf.chat.completions.create({ messages: PROMPT }, { signal }),
      () => hf.chat.completions.create({ messages: PROMPT, stream: true }, { signal }).then(async (stream) => stream.final()),
      () => hf.embeddings.create({ model: "org/model", input: "x" }, { signal }),
      () => hf.models.list({ signal }),
    ];
    for (const call of calls) {
      const error = await (async () => call())().then(() => undefined, (reason) => reason);
      assert.equal(error?.name, expected, error?.stack);
    }
    const late = clientWith({ fetch: never }).chat.completions.create({ messages: PROMPT }, { signal, timeout: { total: 20 } });
    assert.equal((await failure(late)).name, expected ?? "APIConnectionTimeoutError");
    assert.deepEqual([hf.snapshot().inFlight, hf.snapshot().queued], [0, 0]);
  });
}

const HOSTILE = [
  ["a getter that throws", Object.defineProperty({}, "temperature", { enumerable: true, get: () => { throw new Error("getter"); } })],
  ["toJSON that throws", { extra: { toJSON: () => { throw new Error("toJSON"); } } }],
  ["a cycle", (() => { const extra = {}; extra.self = extra; return { extra }; })()],
  ["a BigInt", { extra: 1n }],
  ["a symbol", { extra: Symbol("x") }],
  ["a function", { extra: () => {} }],
];
for (const [name, extra] of HOSTILE) {
  test(`a body with ${name} is a ConfigError, and nothing is sent`, async () => {
    const script = scripted();
    const body = Object.defineProperties({ messages: PROMPT }, Object.getOwnPropertyDescriptors(extra));
    const error = await failure((async () => script.client().chat.completions.create(body))());
    assert.equal(error.name, "ConfigError");
    assert.equal((await script.stats()).requests, 0);
  });
}

test("no key of an answer reaches a prototype", async () => {
  const text = '{"choices":[{"index":0,"message":{"role":"assistant","content":"x","__proto__":{"polluted":1}},"finish_reason":"stop"}],"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
  const { client } = scripted({ text, contentType: "application/json" }, { sse: [`data: ${text.replace('"message"', '"delta"')}\n\n`], done: true });
  await client().chat.completions.create({ messages: PROMPT });
  await (await client().chat.completions.create({ messages: PROMPT, stream: true })).final();
  assert.equal({}.polluted, undefined);
});

for (const property of ["value", "done"]) {
  test(`a read whose ${property} can't be read ends the stream, whoever reads it`, async () => {
    const read = async () => Object.defineProperty({ value: frame, done: false }, property, { get: boom });
    const readers = [(stream) => stream.next(), (stream) => stream.final(), (stream) => stream.text().next(), (stream) => stream.toReadableStream().getReader().read()];
    for (const reader of readers) {
      const hf = clientWith({ fetch: reading({ read }) });
      const pending = hf.chat.completions.create({ messages: PROMPT, stream: true });
      const error = await failure(reader(await pending));
      assert.deepEqual([error.name, error.cause.message, (await pending.settled).outcome], ["StreamTruncatedError", "mine", "truncated"]);
      assert.equal(hf.snapshot().inFlight, 0);
    }
  });
}

test("bytes that say of themselves that they are fewer harm nobody, and what is no Uint8Array is no body", async () => {
  class Liar extends Uint8Array {
    get length() { return 1; }
    get byteLength() { return 1; }
  }
  const other = scripted().client();
  const given = (value) => {
    const reads = [{ value, done: false }, { done: true }];
    return clientWith({ fetch: reading({ read: async () => reads.shift() }) });
  };
  const ways = [
    (hf) => hf.chat.completions.create({ messages: PROMPT }),
    async (hf) => (await hf.chat.completions.create({ messages: PROMPT, stream: true })).final(),
    (hf) => hf.embeddings.create({ model: "org/model", input: "x" }),
    (hf) => hf.models.list(),
  ];
  for (const way of ways) {
    for (const value of [new Liar(20_000).fill(0xff), new DataView(new ArrayBuffer(8)), new Float64Array(8)]) {
      const error = await failure(way(given(value)));
      assert.ok(error instanceof hfetch.APIError, String(error));
    }
    assert.equal((await other.chat.completions.create({ messages: PROMPT })).object, "chat.completion");
  }
  const decoder = new hfetch.SseDecoder();
  assert.deepEqual(decoder.push(Object.setPrototypeOf(new TextEncoder().encode("data: whole\n\n"), Liar.prototype)).map(({ data }) => data), ["whole"]);
});

test("a console that throws changes nothing", async (t) => {
  for (const level of ["error", "warn"]) t.mock.method(console, level, boom);
  const { client } = scripted();
  for (const stream of [false, true]) {
    const pending = client().chat.completions.create({ messages: PROMPT, stream }, { onSettled: boom });
    const answer = await pending;
    if (stream) assert.equal((await drain(answer)).error, null);
    assert.equal((await pending.settled).outcome, "ok");
  }
  const full = { getItem: () => null, setItem: boom };
  assert.equal((await client({ store: hfetch.storageStore(full) }).chat.completions.create({ messages: PROMPT })).object, "chat.completion");
});

test("a signal whose reason can't be read aborts all the same", async () => {
  let listener;
  const signal = { ...LISTENING, addEventListener: (_, given) => (listener = given) };
  Object.defineProperty(signal, "reason", { get: boom });
  const pending = clientWith({ fetch: never }).chat.completions.create({ messages: PROMPT }, { signal });
  await nextTurn();
  listener();
  assert.deepEqual([(await failure(pending)).name, (await pending.settled).outcome], ["APIUserAbortError", "aborted"]);
});

test("a store or a signal that can't be asked is a ConfigError", async () => {
  const silent = (name) => Object.defineProperty({}, name, { get: boom });
  assert.throws(() => clientWith({ store: silent("reserve") }), { name: "ConfigError", path: "store.reserve" });
  const error = await failure(clientWith({ fetch: never }).chat.completions.create({ messages: PROMPT }, { signal: silent("addEventListener") }));
  assert.deepEqual([error.name, error.path], ["ConfigError", "signal"]);
});

test("a body that fails with a proxy nobody can ask is a typed error", async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const stream of [false, true]) {
    const { error } = await ending(clientWith({ fetch: reading({ read: () => Promise.reject(proxy) }) }), {}, { stream });
    assert.ok(error === null || error instanceof hfetch.APIError);
  }
  const whole = await failure(clientWith({ fetch: reading({ read: () => Promise.reject(proxy) }) }).chat.completions.create({ messages: PROMPT }));
  assert.equal(whole.name, "APIConnectionError");
});

test("what is no response has its body given up", async () => {
  for (const shape of [{ status: 200 }, { headers: new Headers() }]) {
    let cancelled = 0;
    const body = { cancel: async () => void (cancelled += 1) };
    const { error } = await ending(clientWith({ fetch: async () => ({ ...shape, body }) }));
    assert.deepEqual([error.name, cancelled], ["APIConnectionError", 1]);
  }
});
