// The exported pure logic: callable without a client or a network, in every runtime.
import { scenario } from "./setting.mjs";

export const logic = [
  scenario("cost: the vectors of both pricing forms", ({ hfetch, assert }) => {
    const usage = { prompt_tokens: 1000, completion_tokens: 500 };
    const page = { input_token_cost: 2e-7, output_token_cost: 2e-7 };
    for (const [pricing, usd] of [
      [{ ...page, unit: "token" }, 3e-4],
      [{ ...page, unit: "1k" }, 3e-7],
      [page, 3e-7],
      [{ ...page, unit: "1m" }, 3e-10],
      [{ inputPerMillion: 0.2, outputPerMillion: 0.2 }, 3e-4],
    ]) {
      const cost = hfetch.cost(usage, pricing);
      assert.ok(Math.abs(cost.usd - usd) < usd * 1e-9, `${JSON.stringify(pricing)}: ${cost.usd}`);
      assert.equal(cost.source, "configured");
    }
  }),

  scenario("RateLimiter: exact windows, holds, and a state that survives JSON", ({ hfetch, assert }) => {
    const limits = { requestsPerMinute: 2, tokensPerMinute: 100 };
    const limiter = new hfetch.RateLimiter(limits);
    const now = 1_790_000_000_000;
    const first = limiter.reserve(60, now);
    assert.equal(first.ok, true);
    assert.deepEqual(limiter.reserve(60, now).reason, "tokens");
    limiter.settle(first.reservation, 10, now);
    assert.equal(limiter.reserve(60, now + 1).ok, true);
    const copy = hfetch.RateLimiter.fromJSON(JSON.parse(JSON.stringify(limiter)), limits);
    for (const one of [limiter, copy]) {
      const refused = one.reserve(1, now + 2);
      assert.deepEqual([refused.ok, refused.reason, refused.retryAfter], [false, "requests", 59_998]);
      assert.equal(one.reserve(1000, now + 2).retryAfter, Infinity);
      assert.equal(one.reserve(1, now + 60_000).ok, true);
    }
  }),

  scenario("retryDelay: Retry-After in its forms, and when to give up", ({ hfetch, assert }) => {
    const now = Date.parse("2026-11-22T12:00:00Z");
    const delay = (failure, policy) => hfetch.retryDelay({ attempt: 1, random: 0.5, now, ...failure }, policy);
    assert.equal(delay({ status: 429, headers: { "retry-after": "3" } }), 3000);
    assert.equal(delay({ status: 429, headers: { "Retry-After-Ms": "250" } }), 250);
    assert.equal(delay({ status: 503, headers: new Headers({ "retry-after": "Sun, 22 Nov 2026 12:00:10 GMT" }) }), 10_000);
    assert.equal(delay({ status: 429, headers: { "retry-after": "86400" } }), null);
    assert.equal(delay({ status: 503, body: { error: "Model x is currently loading", estimated_time: 20 } }), 20_000);
    assert.equal(delay({ status: 500, attempt: 2 }), 500);
    assert.equal(delay({ status: 500, attempt: 3 }), null);
    assert.equal(delay({ status: 422 }), null);
  }),

  scenario("estimateTokens: text and messages", ({ hfetch, assert }) => {
    const text = "The quick brown fox jumps over the lazy dog.";
    const tokens = hfetch.estimateTokens(text);
    assert.ok(tokens >= 8 && tokens <= 13, String(tokens));
    assert.equal(hfetch.estimateTokens(""), 0);
    assert.ok(hfetch.estimateTokens("a") >= 1);
    assert.ok(hfetch.estimateTokens([{ role: "user", content: text }]) > tokens);
    const picture = [{ role: "user", content: [{ type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(9999)}` } }] }];
    assert.ok(Math.abs(hfetch.estimateTokens(picture) - 1000) < 20);
  }),

  scenario("SseDecoder: events over any chunking", ({ hfetch, assert }) => {
    const bytes = new TextEncoder().encode('\ufeff: hi\r\nevent: add\ndata: é\ndata:x\nid: 7\n\r\ndata\n\nretry: 5\r\rdata: lost');
    const expected = [{ event: "add", data: "é\nx", id: "7" }, { event: "message", data: "", id: "7" }];
    for (const size of [1, 2, 3, bytes.length]) {
      const decoder = new hfetch.SseDecoder();
      const events = [];
      for (let at = 0; at < bytes.length; at += size) events.push(...decoder.push(bytes.subarray(at, at + size)));
      decoder.end();
      assert.deepEqual(events, expected, `pieces of ${size}`);
    }
    const small = new hfetch.SseDecoder({ maxEventBytes: 10 });
    assert.throws(() => small.push(new TextEncoder().encode("data: more than ten bytes\n\n")), hfetch.StreamError);
  }),

  scenario("bad arguments to the pure logic are ConfigErrors, never traps", ({ hfetch, assert }) => {
    const { ConfigError, RateLimiter, SseDecoder, cost, estimateTokens, retryDelay } = hfetch;
    for (const bad of [
      () => cost({ prompt_tokens: -1 }, { inputPerMillion: 1, outputPerMillion: 1 }),
      () => cost({}, {}),
      () => cost(null, null),
      () => estimateTokens(7),
      () => retryDelay({ attempt: 0 }),
      () => retryDelay(),
      () => new RateLimiter({ requestsPerMinute: NaN }),
      () => new RateLimiter({ requestsPerMinute: 1 }).reserve("1", 0),
      () => RateLimiter.fromJSON({ not: "a state" }, {}),
      () => new SseDecoder({ maxEventBytes: -1 }),
      () => new SseDecoder().push("text"),
    ]) {
      assert.throws(bad, ConfigError, String(bad));
    }
  }),

  scenario("FREE_TIER and the two exports of the client", ({ hfetch, assert }) => {
    assert.deepEqual([hfetch.FREE_TIER.requestsPerMinute, hfetch.FREE_TIER.requestsPerMonth], [300, 30_000]);
    assert.ok(Object.isFrozen(hfetch.FREE_TIER));
    assert.equal(hfetch.default, hfetch.HuggingFace);
  }),
];
