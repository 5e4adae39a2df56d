// Limits and a budget before requests are sent, and the stores that count them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MODEL, PROMPT, failure, hfetch, scripted } from "./setting/installed.mjs";

const ask = (hf, body = {}, options) => hf.chat.completions.create({ messages: PROMPT, ...body }, options);
const PRICING = { inputPerMillion: 1, outputPerMillion: 1 };

/** A localStorage: strings under names. */
function fakeStorage() {
  const values = new Map();
  return { values, getItem: (name) => values.get(name) ?? null, setItem: (name, value) => void values.set(name, String(value)), removeItem: (name) => void values.delete(name), key: (i) => [...values.keys()][i] ?? null, get length() { return values.size; }, clear: () => values.clear() };
}

test("a burst of 1,000 calls against 300 a minute, by an injected clock", () => {
  const limiter = new hfetch.RateLimiter({ requestsPerMinute: 300 });
  const start = 1_790_000_000_000;
  const sent = [];
  let now = start;
  for (let i = 0; i < 1000; i++) {
    let answer = limiter.reserve(10, now);
    while (!answer.ok) {
      assert.equal(answer.reason, "requests");
      assert.ok(answer.retryAfter > 0 && answer.retryAfter <= 60_000);
      now += answer.retryAfter;
      answer = limiter.reserve(10, now);
    }
    sent.push(now);
    limiter.settle(answer.reservation, 10, now);
    now += 1;
  }
  for (const [i, at] of sent.entries()) assert.ok(i < 300 || at - sent[i - 300] >= 60_000, `call ${i}`);
  assert.ok(sent.at(-1) - start < 182_000, "and no slower than the limit asks for");
});

test("requests never overshoot, whatever comes at once", async () => {
  const script = scripted();
  const hf = script.client({ limits: { requestsPerMinute: 5, onLimit: "error" } });
  const results = await Promise.allSettled(Array.from({ length: 12 }, () => ask(hf)));
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 5);
  assert.equal((await script.stats()).requests, 5);
  assert.ok(results.filter(({ status }) => status === "rejected").every(({ reason }) => reason.name === "LimitExceededError" && reason.reason === "requests"));
});

test("tokens are reserved before and settled after", async () => {
  const script = scripted({ stallBeforeHeaders: 30 }, {});
  const hf = script.client({ limits: { tokensPerMinute: 1000, onLimit: "error" } });
  // Each call reserves its prompt and 250 tokens (a quarter of the limit), so only three fit at the same time.
  const open = [ask(hf), ask(hf), ask(hf), ask(hf)].map((pending) => pending.then(() => "sent", (error) => error.reason));
  assert.deepEqual((await Promise.all(open)).sort(), ["sent", "sent", "sent", "tokens"]);
  assert.ok(hf.snapshot().keys[0].tokensLastMinute < 150, "what was not used is given back");
  await ask(hf);
});

test("requestsPerMonth is the calendar month's", async () => {
  const hf = scripted().client({ limits: { requestsPerMonth: 1, onLimit: "error" } });
  await ask(hf);
  const error = await failure(ask(hf));
  assert.equal(error.reason, "month");
  const now = new Date();
  const next = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
  assert.ok(Math.abs(Date.now() + error.retryAfter - next) < 5000, String(error.retryAfter));
});

test("zero and absent limits are no limits", async () => {
  const hf = scripted().client({ limits: { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerMonth: 0, maxConcurrent: 0 } });
  await Promise.all([ask(hf), ask(hf), ask(hf)]);
});

test("limits are per key: three keys, three requests a minute", async () => {
  const script = scripted();
  const hf = script.client({ apiKey: undefined, apiKeys: ["hf_a", "hf_b", "hf_c"], limits: { requestsPerMinute: 1, onLimit: "error" } });
  const results = await Promise.allSettled(Array.from({ length: 4 }, () => ask(hf)));
  assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "fulfilled", "fulfilled", "rejected"]);
  assert.equal(new Set((await script.stats()).headers.map(({ authorization }) => authorization)).size, 3);
});

test("a queue is first come, first served, and its places are given back", async () => {
  const script = scripted({ stallBeforeHeaders: 200, times: 2 }, { stallBeforeHeaders: 20, times: 3 });
  const hf = script.client({ limits: { maxConcurrent: 2 } });
  const abort = new AbortController();
  const calls = ["a", "b", "c", "d", "e"].map((user) => ask(hf, { user }, user === "c" ? { signal: abort.signal } : {}));
  await script.stats("open:2");
  assert.deepEqual([hf.snapshot().inFlight, hf.snapshot().queued], [2, 3]);
  abort.abort();
  const results = await Promise.allSettled(calls);
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"]);
  const { bodies, peak } = await script.stats();
  assert.deepEqual([bodies.map(({ user }) => user).sort().join(""), bodies.slice(2).map(({ user }) => user).join(""), peak], ["abde", "de", 2]);
  assert.deepEqual([hf.snapshot().inFlight, hf.snapshot().queued], [0, 0]);
});

/** Counts the timers that the package sets, in a fake world with its own time. */
function counting(t) {
  const real = globalThis.setTimeout;
  let timers = 0;
  t.mock.method(globalThis, "setTimeout", (...args) => {
    timers += 1;
    return real(...args);
  });
  return () => timers;
}

test("whoever waits for a place sleeps until it is woken: no timer but its own", async (t) => {
  const ends = [];
  const fetch = () => new Promise((resolve) => ends.push(() => resolve(Response.json({ choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }] }))));
  const hf = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: "m/m", fetch, limits: { maxConcurrent: 1 } });
  const timers = counting(t);
  const calls = Array.from({ length: 5 }, () => ask(hf));
  await new Promise((resolve) => setImmediate(resolve));
  const before = timers();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const start = performance.now();
  while (performance.now() - start < 300) await new Promise(setImmediate);
  assert.equal(timers(), before, "nobody looks while nothing happens");
  for (let at = 0; at < 5; at++) {
    while (ends.length <= at) await new Promise(setImmediate);
    ends[at]();
    await calls[at];
  }
  // One timer for the headers and one for the body of each call, and one each time that a call is woken too soon.
  assert.ok(timers() <= 30, `${timers()} timers`);
});

test("tokens of calls under way are waited for in the same way", async (t) => {
  const ends = [];
  const answer = () => Response.json({ choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }], usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 } });
  const fetch = () => new Promise((resolve) => ends.push(() => resolve(answer())));
  const hf = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: "m/m", fetch, limits: { tokensPerMinute: 400 } });
  const calls = Array.from({ length: 6 }, () => ask(hf));
  while (ends.length < 3) await new Promise(setImmediate);
  const timers = counting(t);
  const start = performance.now();
  while (performance.now() - start < 200) await new Promise(setImmediate);
  assert.deepEqual([timers(), ends.length], [0, 3]);
  for (let at = 0; at < 6; at++) {
    while (ends.length <= at) await new Promise(setImmediate);
    ends[at]();
  }
  await Promise.all(calls);
});

test("a store of one's own is asked less and less often by who waits", async () => {
  let full = true;
  let asked = 0;
  const none = async () => {};
  const reserve = async () => {
    asked += 1;
    return full ? { ok: false, scope: "client:huggingface", retryAfter: 0, reason: "concurrent" } : { ok: true, reservation: "r" };
  };
  const hf = scripted().client({ store: { reserve, settle: none, release: none, block: none }, limits: { maxConcurrent: 1 } });
  const pending = ask(hf);
  const start = performance.now();
  while (performance.now() - start < 900) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(asked >= 3 && asked <= 6, `${asked} questions in 900 ms`);
  full = false;
  await pending;
});

test("a stream of minutes holds no other's place among the requests of a minute", () => {
  const limiter = new hfetch.RateLimiter({ requestsPerMinute: 1, tokensPerMinute: 1000 });
  const start = 1_790_000_000_000;
  const stream = limiter.reserve(600, start);
  assert.deepEqual(limiter.reserve(1, start + 10_000), { ok: false, retryAfter: 50_000, reason: "requests" });
  assert.equal(limiter.reserve(300, start + 60_000).ok, true);
  assert.deepEqual(limiter.reserve(300, start + 120_000), { ok: false, retryAfter: 0, reason: "tokens" });
  limiter.settle(stream.reservation, 5_000, start + 121_000);
  assert.equal(limiter.reserve(300, start + 121_000).ok, true);
});

test("a wall clock that jumps by hours neither locks a client nor frees it", async (t) => {
  const hf = scripted().client({ limits: { requestsPerMinute: 1, onLimit: "error" } });
  await ask(hf);
  const real = Date.now;
  let offset = 0;
  t.mock.method(Date, "now", () => real() + offset);
  for (const hours of [5, -5, 24 * 400, 0]) {
    offset = hours * 3_600_000;
    const error = await failure(ask(hf));
    assert.deepEqual([error.name, error.reason], ["LimitExceededError", "requests"], `${hours} hours`);
    assert.ok(error.retryAfter > 50_000 && error.retryAfter <= 60_000, `${hours} hours: ${error.retryAfter}`);
  }
});

test("a storage whose clock was ahead locks nobody", async () => {
  const storage = fakeStorage();
  const reserve = (now) => hfetch.storageStore(storage).reserve({ parts: [{ scope: "a", tokens: 1, usd: 0.4, limits: { requestsPerMinute: 1 }, budget: { usd: 1, per: "month" } }], now });
  const start = Date.UTC(2026, 10, 5);
  assert.equal((await reserve(start + 300 * 86_400_000)).ok, true);
  const { retryAfter, reason } = await reserve(start);
  assert.deepEqual([retryAfter, reason], [60_000, "requests"]);
  assert.equal((await reserve(start + 60_000)).ok, true);
  // The reservations held then are still held.
  assert.equal((await reserve(start + 120_000)).reason, "budget");
});

test("a stream holds its place until it ends", async () => {
  const script = scripted({ stallAfter: 700 }, {});
  const hf = script.client({ limits: { maxConcurrent: 1 } });
  const stream = await ask(hf, { stream: true });
  await stream.next();
  const second = ask(hf);
  assert.equal((await script.stats()).requests, 1);
  await stream.return();
  assert.equal((await second).object, "chat.completion");
});

test("a Retry-After of the server holds back the next request too", async () => {
  const script = scripted({ status: 429, headers: { "retry-after": "2" } });
  const hf = script.client({ retry: false, limits: { onLimit: "error" } });
  await failure(ask(hf));
  const [key] = hf.snapshot().keys;
  assert.ok(key.readyAt > Date.now() + 1000, JSON.stringify(key));
});

test("a budget stops before it is overspent, by reservation", async () => {
  const script = scripted();
  const hf = script.client({ pricing: PRICING, budget: { usd: 0.0002, per: "hour" } });
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => ask(hf, { max_tokens: 30 })));
  const sent = results.filter(({ status }) => status === "fulfilled").length;
  assert.ok(sent >= 3 && sent < 10, `${sent} sent`);
  assert.equal((await script.stats()).requests, sent);
  for (const { reason } of results.filter(({ status }) => status === "rejected")) {
    assert.equal(reason.name, "BudgetExceededError");
    assert.ok(reason.retryAfter > 0 && reason.retryAfter <= 3_600_000);
  }
  assert.ok(hf.snapshot().spend.usd <= 0.0002);
});

test("without max_tokens a budget reserves 4096 of them", async () => {
  const script = scripted();
  const hf = script.client({ pricing: PRICING, budget: { usd: 0.004, per: "total" } });
  assert.equal((await failure(ask(hf))).name, "BudgetExceededError");
  assert.equal((await ask(hf, { max_tokens: 100 })).object, "chat.completion");
});

test("a budget needs a price, and one whose unit is not in doubt", async () => {
  const budget = { usd: 1, per: "day" };
  for (const pricing of [undefined, { input_token_cost: 2e-7, output_token_cost: 2e-7 }]) {
    const script = scripted();
    const error = await failure((async () => ask(script.client({ budget, pricing })))());
    assert.equal(error.name, "ConfigError", String(error));
    assert.equal((await script.stats()).requests, 0);
  }
  const hf = scripted().client({ budget, pricing: { input_token_cost: 2e-7, output_token_cost: 2e-7, unit: "token" } });
  await ask(hf);
});

test("storageStore keeps month and budget across page loads", async () => {
  const storage = fakeStorage();
  const options = { limits: { requestsPerMonth: 2, onLimit: "error" } };
  for (const expected of ["sent", "sent", "month"]) {
    const hf = scripted().client({ ...options, store: hfetch.storageStore(storage) });
    assert.equal(await ask(hf).then(() => "sent", (error) => error.reason), expected);
  }
  assert.ok(![...storage.values.values()].join().includes("hf_test"), "no key in the storage");
  const spent = fakeStorage();
  const money = { pricing: PRICING, budget: { usd: 0.0001, per: "total" } };
  await ask(scripted().client({ ...money, store: hfetch.storageStore(spent, "mine") }), { max_tokens: 60 });
  const error = await failure(ask(scripted().client({ ...money, store: hfetch.storageStore(spent, "mine") }), { max_tokens: 85 }));
  assert.equal(error.name, "BudgetExceededError");
});

test("a storage that is corrupt or full does not break the client", async () => {
  const corrupt = fakeStorage();
  await ask(scripted().client({ limits: { requestsPerMonth: 5 }, store: hfetch.storageStore(corrupt) }));
  for (const name of corrupt.values.keys()) corrupt.values.set(name, "{not json");
  await ask(scripted().client({ limits: { requestsPerMonth: 5 }, store: hfetch.storageStore(corrupt) }));
  const full = { ...fakeStorage(), setItem: () => { throw new DOMException("full", "QuotaExceededError"); } };
  const result = await ask(scripted().client({ limits: { requestsPerMonth: 5 }, store: hfetch.storageStore(full) })).then(() => "sent", (error) => error.name);
  assert.match(result, /^(sent|LimitExceededError|HfetchError|APIError)$/);
});

test("a store of one's own: reserve, then settle or release, each reservation once", async () => {
  const calls = [];
  const store = {
    reserve: async (request) => {
      calls.push(["reserve", request]);
      return { ok: true, reservation: `r${calls.length}` };
    },
    settle: async (...args) => void calls.push(["settle", ...args]),
    release: async (...args) => void calls.push(["release", ...args]),
    block: async (...args) => void calls.push(["block", ...args]),
  };
  const script = scripted({}, { status: 429, headers: { "retry-after": "3" } });
  const hf = script.client({ store, retry: false, pricing: PRICING, budget: { usd: 1, per: "day" }, limits: { requestsPerMinute: 9 } });
  const pending = ask(hf, { max_tokens: 50 });
  await pending;
  const { usage, cost, key } = await pending.settled;
  const [[, request], [kind, reservation, actual]] = calls;
  assert.ok(Math.abs(request.now - Date.now()) < 5000);
  const part = request.parts.find(({ scope }) => scope === `key:${key}`);
  assert.ok(part.tokens > 50 && part.limits.requestsPerMinute === 9, JSON.stringify(request.parts));
  assert.ok(request.parts.some(({ usd, budget }) => usd > 0 && budget?.usd === 1), "the budget is part of it");
  assert.deepEqual([kind, reservation, actual.tokens], ["settle", "r1", usage.total_tokens]);
  assert.ok(Math.abs(actual.usd - cost.usd) < 1e-12);
  await failure(ask(hf));
  const names = calls.map(([name]) => name);
  assert.equal(names.filter((name) => name === "reserve").length, names.filter((name) => name === "settle" || name === "release").length);
  const block = calls.find(([name]) => name === "block");
  assert.ok(block[1] === `key:${key} meta-llama/Llama-3.1-8B-Instruct` && part.pause === block[1] && Math.abs(block[2] - Date.now() - 3000) < 1000, JSON.stringify(block));
});

test("who leaves while a store is asked: what was reserved is given back before the call is settled", async () => {
  const released = [];
  let answer;
  let asked;
  const wasAsked = new Promise((resolve) => (asked = resolve));
  const none = async () => {};
  const store = {
    reserve: () => new Promise((resolve) => asked((answer = resolve))),
    settle: none,
    release: async (reservation) => void released.push(reservation),
    block: none,
  };
  const script = scripted();
  const controller = new AbortController();
  const pending = script.client({ store }).chat.completions.create({ model: "org/name", messages: [{ role: "user", content: "hi" }] }, { signal: controller.signal });
  await wasAsked;
  controller.abort();
  assert.equal((await failure(pending)).name, "APIUserAbortError");
  let isSettled = false;
  const settled = pending.settled.then(() => (isSettled = true));
  await new Promise(setImmediate);
  assert.equal(isSettled, false, "a host may stop what nobody waits for");
  answer({ ok: true, reservation: "r1" });
  await settled;
  assert.deepEqual(released, ["r1"]);
  assert.equal((await script.stats()).requests, 0);
});

test("a store that says no, and one that can't be reached: nothing is sent", async () => {
  const none = async () => {};
  const no = { reserve: async () => ({ ok: false, scope: "user:7", retryAfter: 1234, reason: "requests" }), settle: none, release: none, block: none };
  const lost = { ...no, reserve: async () => { throw new Error("store is down"); } };
  const script = scripted();
  const refused = await failure(ask(script.client({ store: no, limits: { onLimit: "error" } })));
  assert.deepEqual([refused.name, refused.retryAfter, refused.reason], ["LimitExceededError", 1234, "requests"]);
  const pending = ask(script.client({ store: lost, retry: false }));
  const error = await failure(pending);
  assert.ok(error instanceof hfetch.HfetchError, String(error));
  assert.equal((await pending.settled).outcome, "error");
  assert.equal((await script.stats()).requests, 0);
});

test("a storage that can be read only sometimes, or is full, forgets nothing that was counted", async (t) => {
  t.mock.method(console, "warn", () => {});
  const boom = () => {
    throw new Error("not now");
  };
  const reserve = (store) => store.reserve({ parts: [{ scope: "a", tokens: 1, usd: 0, limits: { requestsPerMinute: 2 }, budget: null }], now: Date.now() });
  for (const [broken, times] of [["getItem", 1], ["setItem", 1], ["setItem", 2]]) {
    const storage = fakeStorage();
    const store = hfetch.storageStore(storage, broken);
    assert.equal((await reserve(store)).ok, true);
    const whole = storage[broken];
    storage[broken] = boom;
    for (let i = 0; i < times; i++) assert.equal((await reserve(store)).ok, i === 0, broken);
    storage[broken] = whole;
    assert.equal((await reserve(store)).ok, false, `${broken} failed ${times} times`);
  }
});

test("a call under way gives word of what is reserved for it every two minutes, whatever becomes of the word, and none after its end", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const told = [];
  const none = async () => {};
  const store = {
    reserve: async () => ({ ok: true, reservation: "r" }), settle: none, release: none, block: none,
    renew: async (reservation, { now }) => {
      told.push([reservation, typeof now]);
      throw new Error("the word got lost");
    },
  };
  let respond;
  const answered = new Promise((resolve) => (respond = resolve));
  let asked;
  const sent = new Promise((resolve) => (asked = resolve));
  const fetch = () => (asked(), answered);
  const options = { apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, retry: false, timeout: 3_600_000, fetch };
  const ask = (given) => new hfetch.HuggingFace({ ...options, store: given }).chat.completions.create({ messages: PROMPT });
  const pending = ask(store);
  await sent;
  for (let at = 0; at < 5; at++) t.mock.timers.tick(120_000);
  assert.deepEqual(told, Array(5).fill(["r", "number"]));
  const { renew: _, ...older } = store;
  const other = ask(older);
  t.mock.timers.tick(120_000);
  respond(Response.json({ choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }] }));
  await pending;
  await other.catch(() => {});
  const before = told.length;
  t.mock.timers.tick(600_000);
  assert.equal(told.length, before);
});
