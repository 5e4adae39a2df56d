// An endpoint or a caller's own fetch may return anything: the result is bounded in depth, size and time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MODEL, PROMPT, failure, hfetch, scripted } from "./setting/installed.mjs";
import "./setting/unhandled.mjs";

const encoder = new TextEncoder();
const client = (fetch, options) => new hfetch.HuggingFace({ apiKey: "hf_a_key_of_some_length", baseURL: "http://x.invalid/v1", model: MODEL, retry: false, fetch, ...options });
const whole = (hf, options) => hf.chat.completions.create({ messages: PROMPT }, options);
const folded = async (hf, options) => (await hf.chat.completions.create({ messages: PROMPT, stream: true }, options)).final();
const WAYS = [whole, folded, (hf, options) => hf.embeddings.create({ input: "x" }, options), (hf, options) => hf.models.list(options)];
const answer = (body, status = 200) => async () => new Response(body, { status });
const event = (chunk) => `data: ${typeof chunk === "string" ? chunk : JSON.stringify(chunk)}\n\n`;
const delta = (content) => event({ choices: [{ index: 0, delta: { content } }] });

/** A response whose reads all return the same, at once. */
const endless = (bytes) => async () => ({ status: 200, headers: new Headers(), body: { getReader: () => ({ read: async () => ({ value: bytes, done: false }), cancel: async () => {}, releaseLock() {} }) } });

test("a body of empty chunks, as fast as they are asked for, ends by each timeout and by the signal", async () => {
  const nothing = new Uint8Array(0);
  for (const way of WAYS) {
    for (const [options, name, phase] of [
      [{ timeout: { idle: 30, total: 20_000 } }, "APIConnectionTimeoutError", "idle"],
      [{ timeout: { idle: 20_000, total: 30 } }, "APIConnectionTimeoutError", "total"],
      [{ signal: AbortSignal.timeout(30) }, "APIUserAbortError", undefined],
    ]) {
      const error = await failure(way(client(endless(nothing)), options));
      assert.deepEqual([error.name, error.phase], [name, phase], `${way}`);
    }
  }
});

test("a body that is there at once lets timers fire, whatever is in it", async () => {
  for (const bytes of [encoder.encode(": x\n\n"), encoder.encode(delta("")), Uint8Array.of(32)]) {
    for (const way of WAYS) {
      const error = await failure(way(client(endless(bytes)), { signal: AbortSignal.timeout(30) }));
      assert.equal(error.name, "APIUserAbortError", `${way}`);
    }
    const hf = client(endless(bytes));
    const stream = await hf.chat.completions.create({ messages: PROMPT, stream: true }, { timeout: { total: 30 } });
    const read = async () => {
      for await (const _ of stream);
    };
    assert.equal((await failure(read())).phase, "total");
  }
});

const prototypes = (base = {}) => new Proxy(base, { getPrototypeOf: () => prototypes() });
function* forever() {
  for (let at = 0; ; at++) yield [`${at}`, at];
}
const ENDLESS = {
  "entries without end": () => ({ message: "x", entries: forever }),
  "entries in entries without end": () => ({ message: "x", entries: () => [{ entries: forever }] }),
  "iterators of iterators": function more() {
    return { message: "x", *entries() { for (;;) yield more(); } };
  },
  "a getter of ever new objects": function more() {
    return Object.defineProperty({ message: "x" }, "cause", { enumerable: true, get: more });
  },
  "prototypes without end": prototypes,
};
for (const [what, make] of Object.entries(ENDLESS)) {
  test(`a thrown object with ${what} is the cause of a typed error`, async () => {
    const thrown = async () => {
      throw make();
    };
    for (const way of WAYS) assert.equal((await failure(way(client(thrown)))).name, "APIConnectionError");
    const body = { getReader: () => ({ read: thrown, cancel: async () => {}, releaseLock() {} }) };
    for (const way of WAYS.slice(0, 2)) assert.ok((await failure(way(client(async () => ({ status: 200, headers: new Headers(), body }))))) instanceof hfetch.APIError);
    assert.equal(make() instanceof hfetch.HfetchError, false);
  });
}

test("headers without end are those of no error", async () => {
  const headers = { get: () => null, entries: forever };
  const error = await failure(whole(client(async () => ({ status: 400, headers, body: null }))));
  assert.deepEqual([error.name, error.status], ["BadRequestError", 400]);
});

const nested = (depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const completion = (depth) => `{"choices":[{"index":0,"message":{"content":"x \\" [ \\\\"},"finish_reason":"stop","deep":${nested(depth)}}]}`;
const chunk = (depth) => `{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop","deep":${nested(depth)}}]}`;

test("JSON of a depth that no stack would take is refused wherever it comes from", async () => {
  // Three more levels are around it.
  for (const depth of [1, 500, 509]) {
    assert.equal(JSON.stringify(await whole(client(answer(completion(depth))))), completion(depth));
    assert.equal((await folded(client(answer(event(chunk(depth)))))).choices[0].finish_reason, "stop");
  }
  for (const depth of [510, 600, 100_000, 5_000_000]) {
    const error = await failure(whole(client(answer(completion(depth)))));
    assert.deepEqual([error.name, typeof error.body], ["APIError", "string"]);
    const broken = await failure(folded(client(answer(event(chunk(depth))), { maxEventBytes: 2 ** 25 })));
    assert.equal(broken.name, "StreamError");
    assert.equal((await failure(folded(client(answer(completion(depth)))))).name, "APIError");
  }
  for (const [depth, type] of [[511, "object"], [512, "string"], [100_000, "string"]]) {
    const error = await failure(whole(client(answer(`{"error":${nested(depth)}}`, 400))));
    assert.deepEqual([error.status, typeof error.body], [400, type], `${depth}`);
  }
  const deep = (depth) => JSON.parse(nested(depth));
  for (const [depth, name] of [[500, null], [600, "ConfigError"], [100_000, "ConfigError"]]) {
    const sent = (async () => client(answer(completion(1))).chat.completions.create({ messages: PROMPT, extra: deep(depth) }))();
    assert.equal(await sent.then(() => null, (error) => error.name), name, `${depth}`);
  }
});

const MANY = 5_000_000;
const WRONG = {
  "empty lists": () => `{"x":[${"[],".repeat(MANY)}[]]}`,
  "short texts": () => `{"x":[${'"a",'.repeat(MANY)}1]}`,
  "keys": () => `{${Array.from({ length: MANY / 4 }, (_, at) => `"k${at}":"abcdef"`)}}`,
  "choices that are none": () => `{"choices":[1],"x":[${'"a",'.repeat(MANY)}1]}`,
  "an error and much more": () => `{"error":{"message":"no"},"x":[${'"a",'.repeat(MANY)}1]}`,
  "a text": () => "x".repeat(4 * MANY),
};
test("20 MB of a wrong answer hold nobody up", async () => {
  for (const [what, make] of Object.entries(WRONG)) {
    const bytes = encoder.encode(make());
    for (const [way, status] of [[whole, 200], [folded, 200], [whole, 400]]) {
      const start = process.cpuUsage();
      const error = await failure(way(client(answer(bytes, status), { maxEventBytes: 2 ** 25 })));
      const { user, system } = process.cpuUsage(start);
      assert.ok(error instanceof hfetch.APIError, what);
      // Twenty times what it takes; without the fix a server would be silent for longer.
      assert.ok(user + system < 2_000_000, `${what}: ${user + system} µs`);
      assert.ok(error.message.length < 1_000);
      if (error.body !== undefined) assert.ok(typeof error.body === "string" && error.body.length <= 2 ** 20 + 2 && error.body.endsWith(" …"), what);
    }
  }
});

test("an answer beyond maxAnswerBytes is refused by that name; what had come of a stream is told", async () => {
  const options = { maxAnswerBytes: 1_000 };
  const large = "x".repeat(1_001);
  const bodies = [completion(1).replace('"x \\"', `"${large}`), delta("word ").repeat(300), `[[${"0.5,".repeat(300)}1]]`, `{"data":[{"id":"${large}"}]}`];
  for (const [at, way] of WAYS.entries()) {
    const error = await failure(way(client(answer(bodies[at]), options)));
    assert.match(`${error.message} ${error.cause?.message}`, /larger than maxAnswerBytes/, `${way}`);
    await way(client(answer(bodies[at]), {})).catch((other) => assert.doesNotMatch(`${other.message}`, /maxAnswerBytes/));
  }
  const stream = await client(answer(delta("word ").repeat(300)), options).chat.completions.create({ messages: PROMPT, stream: true });
  const error = await failure(stream.final());
  assert.equal(error.name, "StreamError");
  assert.match(error.partial.choices[0].message.content, /^(word ){200}/);
});

test("a completion can be asked for whenever its stream is over, by whoever still holds it, and each time anew", async () => {
  const { client: make } = scripted(...Array.from({ length: 80 }, (_, at) => ({ sse: [delta(`answer ${at}`)], done: true })));
  const hf = make();
  const streams = [];
  for (let at = 0; at < 80; at++) {
    const stream = await hf.chat.completions.create({ messages: PROMPT, stream: true });
    for await (const _ of stream);
    streams.push(stream);
  }
  for (const [at, stream] of [...streams.entries()].reverse()) {
    const [first, second] = [await stream.final(), await stream.final()];
    assert.equal(first.choices[0].message.content, `answer ${at}`);
    assert.deepEqual(second, first);
    assert.notEqual(second, first);
  }
});
