// A pause that the model's server asks for: callers are told at once who wants it and for how long, and the server gets no requests meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hfetch } from "../../package/setting/installed.mjs";
import { KEY, MESSAGES, MODEL, startGateway } from "./setting/running.mjs";

const BODY = { model: MODEL, messages: MESSAGES };
const PAUSES = {
  "429 with Retry-After": { status: 429, headers: { "retry-after": "60" } },
  "503 with Retry-After": { status: 503, headers: { "retry-after": "60" } },
  "a spent RateLimit header": { headers: { ratelimit: '"api";r=0;t=60' } },
};

for (const [name, step] of Object.entries(PAUSES)) {
  for (const [where, env] of [["in memory", {}], ["in a Durable Object", { GATEWAY_REQUESTS_PER_MINUTE: "1000", GATEWAY_KEY_REQUESTS_PER_MINUTE: "1000" }]]) {
    test(`${name}, counted ${where}`, async () => {
      const gateway = await startGateway({ steps: [step], env });
      const first = await gateway.post(BODY);
      assert.equal(first.status, step.status ?? 200);
      await first.text();
      for (const stream of [false, true]) {
        const answer = await gateway.post({ ...BODY, stream });
        const { error } = await answer.json();
        assert.deepEqual([answer.status, error.code, error.type], [429, "upstream_rate_limited", "rate_limit_error"]);
        assert.match(error.message, /^The model's server has asked this gateway for a pause/);
        assert.doesNotMatch(error.message, /limit/);
        const wait = Number(answer.headers.get("retry-after"));
        assert.ok(wait > 50 && wait <= 60, String(wait));
        assert.equal(answer.headers.get("x-should-retry"), null, "who waits for it may ask again");
      }
      assert.equal((await gateway.stats()).requests, 1);
      // A client behind the gateway is told too, and then keeps the pause by itself.
      const hf = new hfetch.HuggingFace({ apiKey: KEY, baseURL: `${gateway.url}/v1`, model: MODEL });
      for (const attempts of [1, 0]) {
        const error = await hf.chat.completions.create({ messages: MESSAGES }).catch((thrown) => thrown);
        assert.deepEqual([error.name, error.status, error.attempts, error.isRetryable], ["RateLimitError", 429, attempts, true]);
        assert.ok(error.retryAfter > 50_000 && error.retryAfter <= 60_000, String(error.retryAfter));
      }
    });
  }
}

test("what the operator limits stays the gateway's limit", async () => {
  const gateway = await startGateway({ env: { GATEWAY_REQUESTS_PER_MINUTE: "1" } });
  await gateway.post(BODY);
  const answer = await gateway.post(BODY);
  const { error } = await answer.json();
  assert.deepEqual([answer.status, error.code, error.message], [429, "rate_limit_exceeded", "This gateway's limit of requests per minute is reached."]);
});
