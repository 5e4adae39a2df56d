// The exported pure logic with hostile arguments, and stores that share one Storage.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hfetch } from "./setting/installed.mjs";

const { ConfigError, RateLimiter, cost, estimateTokens, retryDelay, storageStore } = hfetch;

const throwing = (name) => Object.defineProperty({}, name, { get: () => { throw new Error("from a getter"); }, enumerable: true });
const hostile = () => new Proxy({}, { get: () => { throw new Error("trap"); }, ownKeys: () => { throw new Error("trap"); } });
const circular = () => { const loop = {}; loop.loop = loop; return loop; };
const deep = () => { let value = 1; for (let level = 0; level < 10_000; level += 1) value = { value }; return value; };

const odd = [undefined, null, NaN, Infinity, -1, -0.5, "1", "", true, 10n, Symbol("s"), () => 1, [], [1], {}, new Date(0), new Map(), hostile(), circular()];

/** Runs `call` with every odd value: a value that it doesn't accept is a ConfigError that names the place. */
function refuses(call, path, taken = []) {
  for (const value of odd) {
    if (taken.some((one) => Object.is(one, value))) continue;
    assert.throws(() => call(value), (error) => {
      assert.ok(error instanceof ConfigError, `${path}, ${typeof value}: ${error?.stack ?? error}`);
      // A reference cycle or a trap inside is noticed where the whole argument is read.
      assert.ok(error.path.startsWith(path) || path.startsWith(`${error.path}.`), `${error.path} for ${path}`);
      assert.ok(error.message.startsWith(error.path), error.message);
      return true;
    });
  }
}

test("every odd argument is a ConfigError that names it, never a trap", () => {
  const limiter = new RateLimiter({});
  const price = { inputPerMillion: 1, outputPerMillion: 2 };
  refuses((limits) => new RateLimiter(limits), "limits", odd.filter((value) => value && typeof value === "object" && !Array.isArray(value)));
  refuses((value) => new RateLimiter({ requestsPerMinute: value }), "limits.requestsPerMinute", [undefined]);
  refuses((value) => new RateLimiter({ onLimit: value }), "limits.onLimit", [undefined]);
  refuses((tokens) => limiter.reserve(tokens, 0), "tokens");
  refuses((now) => limiter.reserve(0, now), "now");
  refuses((reservation) => limiter.settle(reservation, 0, 0), "reservation");
  refuses((actual) => limiter.settle(1, actual, 0), "actualTokens");
  refuses((reservation) => limiter.release(reservation), "reservation");
  refuses((state) => RateLimiter.fromJSON(state, {}), "state");
  refuses((usage) => cost(usage, price), "usage", odd.filter((value) => value && typeof value === "object"));
  refuses((tokens) => cost({ prompt_tokens: tokens }, price), "usage.prompt_tokens", [undefined, null]);
  refuses((pricing) => cost({}, pricing), "pricing");
  refuses((rate) => cost({}, { ...price, inputPerMillion: rate }), "pricing.inputPerMillion");
  refuses((failure) => retryDelay(failure), "failure");
  refuses((status) => retryDelay({ attempt: 1, status }), "failure.status", [undefined, null]);
  refuses((attempt) => retryDelay({ attempt }), "failure.attempt");
  refuses((random) => retryDelay({ attempt: 1, random }), "failure.random", [undefined, null]);
  refuses((now) => retryDelay({ attempt: 1, now }), "failure.now", [undefined, null]);
  refuses((storage) => storageStore(storage), "storage");
  refuses((name) => storageStore({ getItem() {}, setItem() {} }, name), "name", [undefined, "1"]);
  for (const bad of [7, null, undefined, {}, true, 1n]) assert.throws(() => estimateTokens(bad), ConfigError);
  for (const bad of [[7], [null], [hostile()], [circular()], [throwing("content")], [{ role: "user", content: 7 }], [deep()]]) {
    assert.throws(() => estimateTokens(bad), ConfigError);
  }
  // None of these calls has left a trace.
  assert.deepEqual(limiter.reserve(1, 0), { ok: true, reservation: 1 });
});

test("what is odd in a response is no reason to fail: it is as if it weren't there", () => {
  const delay = (failure) => retryDelay({ status: 503, attempt: 1, random: 0.5, ...failure });
  for (const body of [null, 7, "", "text", "<html>", "{", [], true, { estimated_time: "soon" }, '{"estimated_time":20}']) {
    assert.equal(delay({ body }), body === '{"estimated_time":20}' ? 20_000 : 250, String(body));
  }
  for (const headers of [{}, { "retry-after": undefined }, { "retry-after": "later" }, new Map([["retry-after", "x"]]), new Headers()]) {
    assert.equal(delay({ headers }), 250);
  }
  assert.equal(delay({ headers: { "RETRY-AFTER": 4 } }), 4_000);
  assert.equal(delay({ headers: { get: (name) => (name === "retry-after" ? "4" : null) } }), 4_000);
});

test("frozen arguments are taken, and nothing is written to them", () => {
  const frozen = (value) => Object.freeze(value);
  const limiter = new RateLimiter(frozen({ maxConcurrent: 1 }));
  const state = frozen(limiter.toJSON());
  assert.deepEqual(RateLimiter.fromJSON(state, frozen({})).reserve(0, 0), { ok: true, reservation: 1 });
  assert.equal(cost(frozen({ prompt_tokens: 1e6 }), frozen({ inputPerMillion: 0.3, outputPerMillion: 0 })).usd, 0.3);
  assert.ok(estimateTokens(frozen([frozen({ role: "user", content: "hello" })])) > 4);
});

test("what is shown to a model counts once, however it is written", () => {
  const blob = "/+4A".repeat(30_000);
  const length = "data:application/pdf;base64,".length + blob.length;
  const tokens = (...content) => estimateTokens([{ role: "user", content }]) - estimateTokens([{ role: "user", content: "" }]);
  for (const [part, expected] of [
    [{ type: "image_url", image_url: { url: `data:image/png;base64,${blob}` } }, 1000],
    [{ type: "input_image", image_url: blob }, 1000],
    [{ type: "input_audio", input_audio: { data: blob, format: "wav" } }, blob.length / 100],
    [{ type: "audio_url", audio_url: { url: "https://x.invalid/a" } }, 1000],
    [{ type: "video_url", video_url: { url: `data:video/mp4;base64,${blob}` } }, 5000],
    [{ type: "file", file: { file_id: "f" } }, 1000],
    [{ type: "input_file", filename: "a.pdf", file_data: `data:application/pdf;base64,${blob}` }, Math.ceil(length / 20) + estimateTokens("a.pdf")],
    [{ type: "something_new", data: blob }, estimateTokens(blob)],
    [{ type: "file", file: { file_data: `data:text/plain;base64,${btoa("Hello, world. ".repeat(100))}` } }, estimateTokens("Hello, world. ".repeat(100))],
    [{ type: "text", text: "Hello, world." }, estimateTokens("Hello, world.")],
  ]) assert.equal(tokens(part), expected, JSON.stringify(part).slice(0, 60));
  assert.equal(tokens({ type: "video", video: "x" }, { type: "audio", audio: "x" }, { type: "text", text: "hi" }), 6000 + estimateTokens("hi"));
});

test("a limiter goes through JSON with its reservations open", () => {
  const limits = { tokensPerMinute: 100, maxConcurrent: 3 };
  const limiter = new RateLimiter(limits);
  const { reservation } = limiter.reserve(70, 1_000);
  const copy = RateLimiter.fromJSON(JSON.parse(JSON.stringify(limiter)), limits);
  assert.deepEqual(copy.reserve(40, 2_000), { ok: false, retryAfter: 0, reason: "tokens" });
  copy.settle(reservation, 10, 2_000);
  assert.equal(copy.reserve(90, 2_000).ok, true);
});

/** A Storage in memory. */
function memory(initial = {}) {
  const items = new Map(Object.entries(initial));
  return { items, getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, String(value)) };
}

const part = (limits, extra) => ({ scope: "key:a", tokens: 0, usd: 0, limits, budget: null, ...extra });

test("two pages on one Storage share limits and budget", async () => {
  const storage = memory();
  const [here, there] = [storageStore(storage), storageStore(storage)];
  const now = Date.now();
  const month = { parts: [part({ requestsPerMonth: 2 })], now };
  const first = await here.reserve(month);
  assert.equal((await there.reserve(month)).ok, true);
  assert.deepEqual([(await here.reserve(month)).reason, (await there.reserve(month)).reason], ["month", "month"]);
  await there.release(first.reservation);
  assert.equal((await here.reserve(month)).ok, true);

  const dear = { parts: [part({}, { scope: "budget:a", usd: 0.6, budget: { usd: 1, per: "day" } })], now };
  const held = await here.reserve(dear);
  const refused = await there.reserve(dear);
  assert.deepEqual([refused.ok, refused.scope, refused.reason, refused.spentUsd, refused.budgetUsd], [false, "budget:a", "budget", 0.6, 1]);
  await there.settle(held.reservation, { tokens: 5, usd: 0.1, now });
  assert.equal((await here.reserve(dear)).ok, true);
  assert.deepEqual([...storage.items.keys()], ["hfetch"]);
});

test("a block holds on every page, and other names are other limits", async () => {
  const storage = memory();
  const now = Date.now();
  await storageStore(storage).block("key:a", now + 5_000);
  const request = { parts: [part({})], now };
  const refused = await storageStore(storage).reserve(request);
  assert.deepEqual([refused.reason, refused.retryAfter], ["blocked", 5_000]);
  assert.equal((await storageStore(storage, "other").reserve(request)).ok, true);
});

test("what a Storage holds is believed only where it makes sense", async () => {
  const now = Date.now();
  const request = { parts: [part({ requestsPerMonth: 1 })], now };
  const good = memory();
  await storageStore(good).reserve(request);
  assert.equal((await storageStore(good).reserve(request)).ok, false);
  const state = JSON.parse(good.items.get("hfetch"));
  const corrupt = ["", "{", "null", "[]", "{}", '"x"', JSON.stringify({ ...state, scopes: [1] })];
  for (const text of corrupt) {
    const store = storageStore(memory({ hfetch: text }));
    assert.equal((await store.reserve(request)).ok, true, text);
    assert.equal((await store.reserve(request)).ok, false, "the limits hold from then on");
  }
  // A clock that was ahead is corrected, and the counts stay.
  const ahead = storageStore(memory({ hfetch: JSON.stringify({ ...state, now: now + 1e12 }) }));
  assert.equal((await ahead.reserve(request)).reason, "month");
  assert.equal((await ahead.reserve({ parts: [part({ requestsPerMinute: 2 })], now: now + 60_001 })).ok, true);
});

test("a Storage that throws leaves the limits to memory", async () => {
  const fail = () => { throw new DOMException("no", "SecurityError"); };
  const store = storageStore({ getItem: fail, setItem: fail });
  const request = { parts: [part({ requestsPerMonth: 1 })], now: Date.now() };
  assert.equal((await store.reserve(request)).ok, true);
  assert.equal((await store.reserve(request)).reason, "month");
});

test("a store's bad arguments reject with a ConfigError", async () => {
  const store = storageStore(memory());
  for (const request of [undefined, null, {}, { parts: 1, now: 0 }, { parts: [], now: NaN }, { parts: [7], now: 0 }, { parts: [{ scope: 1 }], now: 0 }]) {
    await assert.rejects(store.reserve(request), ConfigError);
  }
  await assert.rejects(store.reserve({ parts: [part({ requestsPerMinute: "x" })], now: 0 }), ConfigError);
  await assert.rejects(store.reserve({ parts: [part({}, { usd: NaN })], now: 0 }), ConfigError);
  await assert.rejects(store.settle("1-1"), ConfigError);
  await assert.rejects(store.settle("1-1", { tokens: NaN, usd: 0, now: 0 }), ConfigError);
  await assert.rejects(store.block("key:a", NaN), ConfigError);
});
