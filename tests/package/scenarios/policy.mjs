// Keys, limits, retries, budget: what happens between create() and the request.
import { PROMPT, scenario } from "./setting.mjs";

const ask = (hf, body = {}, options) => hf.chat.completions.create({ messages: PROMPT, ...body }, options);
const QUICK = { baseDelay: 1 };

export const policy = [
  scenario("one revoked key, one out of credits, one good: the third answers and is booked", async ({ client, stats, assert }) => {
    const hf = client({ apiKey: undefined, apiKeys: ["hf_revoked", "hf_broke", "hf_good"], retry: QUICK });
    const pending = ask(hf);
    await pending;
    const settlement = await pending.settled;
    const { keys } = hf.snapshot();
    assert.deepEqual(keys.map(({ state }) => state), ["disabled", "cooling", "ready"]);
    assert.deepEqual([settlement.attempts, settlement.key, settlement.outcome], [3, keys[2].key, "ok"]);
    assert.deepEqual([keys[2].tokens, keys[2].requests], [settlement.usage.total_tokens, 1]);
    assert.ok(!JSON.stringify([settlement, hf.snapshot()]).includes("hf_"), "labels, not secrets");
    assert.deepEqual((await stats()).headers.map(({ authorization }) => authorization), ["Bearer hf_revoked", "Bearer hf_broke", "Bearer hf_good"]);
  }),

  scenario("429, then 200", async ({ client, script, stats, assert }) => {
    await script({ status: 429 }, {});
    const pending = ask(client({ retry: QUICK }));
    await pending;
    assert.equal((await pending.settled).attempts, 2);
    assert.equal((await stats()).requests, 2);
  }),

  scenario("a pause that the server asks for is told to the next call at once, and nothing is sent", async ({ client, script, stats, hfetch, assert }) => {
    await script({ status: 429, headers: { "retry-after": "60", "access-control-expose-headers": "retry-after" } }, {});
    const hf = client();
    for (const attempts of [1, 0]) {
      const error = await hf.chat.completions.create({ messages: PROMPT }).catch((thrown) => thrown);
      assert.ok(error instanceof hfetch.RateLimitError, String(error));
      assert.deepEqual([error.status, error.attempts, error.isRetryable], [429, attempts, true]);
      assert.ok(error.retryAfter > 50_000 && error.retryAfter <= 60_000, String(error.retryAfter));
    }
    assert.equal((await stats()).requests, 1);
  }),
  scenario("503 loading twice, then 200", async ({ client, script, assert }) => {
    await script({ loading: 0.03, times: 2 }, {});
    const started = Date.now();
    const pending = ask(client({ retry: QUICK }), { stream: true });
    await (await pending).final();
    assert.equal((await pending.settled).attempts, 3);
    assert.ok(Date.now() - started >= 55, "both estimates were waited for");
  }),

  scenario("five 500s: three tries, then the error", async ({ client, script, stats, hfetch, assert }) => {
    await script({ status: 500, times: 5 });
    const error = await assert.rejects(ask(client({ retry: QUICK })), hfetch.InternalServerError);
    assert.deepEqual([error.attempts, (await stats()).requests, (await stats()).left], [3, 3, 2]);
  }),

  scenario("400, 404, 410, 413, 422 and a lone 401, 402, 403 are not tried again", async ({ client, script, stats, hfetch, assert }) => {
    for (const status of [400, 404, 410, 413, 422, 401, 402, 403]) {
      await script({ status, times: 2 });
      await assert.rejects(ask(client({ retry: QUICK })), hfetch.APIError, String(status));
      assert.equal((await stats()).requests, 1, String(status));
    }
  }),

  scenario("onLimit error: the second request of a minute is refused and not sent", async ({ client, stats, hfetch, assert }) => {
    const hf = client({ limits: { requestsPerMinute: 1, onLimit: "error" } });
    await ask(hf);
    const pending = ask(hf);
    const error = await assert.rejects(pending, hfetch.LimitExceededError);
    assert.equal(error.reason, "requests");
    assert.ok(error.retryAfter > 50_000 && error.retryAfter <= 60_000, String(error.retryAfter));
    const { outcome, attempts, key, usage } = await pending.settled;
    assert.deepEqual([outcome, attempts, key, usage.total_tokens], ["error", 0, "", 0]);
    assert.equal((await stats()).requests, 1);
  }),

  scenario("onLimit wait: no longer than maxWait", async ({ client, hfetch, assert }) => {
    const hf = client({ limits: { requestsPerMinute: 1, maxWait: 30 } });
    await ask(hf);
    await assert.rejects(ask(hf), hfetch.LimitExceededError);
  }),

  scenario("a request that can never fit is refused at once", async ({ client, stats, hfetch, assert }) => {
    const hf = client({ limits: { tokensPerMinute: 50 } });
    await assert.rejects(ask(hf, { messages: [{ role: "user", content: "word ".repeat(500) }] }), hfetch.LimitExceededError);
    assert.equal((await stats()).requests, 0);
  }),

  scenario("maxConcurrent: first come, first served, one at a time", async ({ client, script, stats, assert }) => {
    await script({ stallBeforeHeaders: 15, times: 3 });
    const hf = client({ limits: { maxConcurrent: 1 } });
    const order = [];
    await Promise.all(["a", "b", "c"].map((user) => ask(hf, { user }).then(() => order.push(user))));
    const { peak, bodies } = await stats();
    assert.deepEqual([peak, bodies.map(({ user }) => user).join("")], [1, "abc"]);
    assert.deepEqual([order.join(""), hf.snapshot().inFlight, hf.snapshot().queued], ["abc", 0, 0]);
  }),

  scenario("abort while queued: the place is given up, nothing is sent", async ({ client, stats, hfetch, assert }) => {
    const hf = client({ limits: { requestsPerMinute: 1 } });
    await ask(hf);
    const abort = new AbortController();
    const pending = ask(hf, {}, { signal: abort.signal });
    await Promise.resolve();
    abort.abort();
    await assert.rejects(pending, hfetch.APIUserAbortError);
    assert.equal((await pending.settled).attempts, 0);
    assert.deepEqual([(await stats()).requests, hf.snapshot().queued], [1, 0]);
  }),

  scenario("a spent budget refuses before anything is sent", async ({ client, stats, hfetch, assert }) => {
    const hf = client({ pricing: { inputPerMillion: 1, outputPerMillion: 1 }, budget: { usd: 0.0001, per: "day" } });
    await ask(hf, { max_tokens: 60 });
    const pending = ask(hf, { max_tokens: 90 });
    const error = await assert.rejects(pending, hfetch.BudgetExceededError);
    assert.equal(error.budgetUsd, 0.0001);
    assert.ok(error.spentUsd > 0 && error.spentUsd < 0.0001);
    assert.deepEqual([(await pending.settled).outcome, (await stats()).requests], ["error", 1]);
  }),

  scenario("parallel calls can't overspend a budget", async ({ client, stats, hfetch, assert }) => {
    const hf = client({ pricing: { inputPerMillion: 0.01, outputPerMillion: 1 }, budget: { usd: 0.0001, per: "total" } });
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => ask(hf, { max_tokens: 40 })));
    const refused = results.filter(({ reason }) => reason instanceof hfetch.BudgetExceededError).length;
    assert.deepEqual([refused, (await stats()).requests], [2, 2]);
    assert.ok(hf.snapshot().spend.usd <= 0.0001);
  }),
];
