// Retries and timeouts by real timers against real faults.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PROMPT, drain, failure, scripted } from "./installed.mjs";

const QUICK = { baseDelay: 1 };
const ask = (hf, body = {}, options) => hf.chat.completions.create({ messages: PROMPT, ...body }, options);

/** Runs and gives the time it took, in ms. */
async function timed(action) {
  const started = performance.now();
  const value = await action();
  return { value, ms: performance.now() - started };
}

for (const status of [408, 409, 425, 429, 500, 502, 503, 504]) {
  test(`${status} is tried again`, async () => {
    const script = scripted({ status }, {});
    const pending = ask(script.client({ retry: QUICK }));
    assert.equal((await pending).object, "chat.completion");
    assert.equal((await pending.settled).attempts, 2);
    assert.equal((await script.closed()).requests, 2);
  });
}

for (const status of [400, 401, 402, 403, 404, 405, 410, 413, 418, 422, 424, 501]) {
  test(`${status} is not tried again`, async () => {
    const script = scripted({ status, times: 2 });
    const error = await failure(ask(script.client({ retry: QUICK })));
    assert.deepEqual([error.status, error.attempts], [status, 1]);
    assert.equal((await script.closed()).requests, 1);
  });
}

test("401 with two keys goes on to the other", async () => {
  const script = scripted({ status: 401 }, {});
  const pending = ask(script.client({ apiKey: undefined, apiKeys: ["hf_a", "hf_b"], retry: QUICK }));
  await pending;
  assert.equal((await pending.settled).attempts, 2);
});

test("five 500s: three tries, then InternalServerError", async () => {
  const script = scripted({ status: 500, times: 5 });
  const error = await failure(ask(script.client({ retry: QUICK })));
  assert.deepEqual([error.name, error.attempts], ["InternalServerError", 3]);
  assert.equal((await script.closed()).left, 2);
});

test("maxRetries, retry: false and the request's own policy", async () => {
  const attempts = async (client, request) => {
    const script = scripted({ status: 500, times: 9 });
    return (await failure(ask(script.client(client), {}, request))).attempts;
  };
  assert.equal(await attempts({ maxRetries: 1, retry: QUICK }), 2);
  assert.equal(await attempts({ retry: false }), 1);
  assert.equal(await attempts({ retry: QUICK }, { retry: false }), 1);
  assert.equal(await attempts({ retry: false }, { retry: { maxAttempts: 5, baseDelay: 1 } }), 5);
  assert.equal(await attempts({ retry: QUICK }, { maxRetries: 0 }), 1);
});

test("503 loading twice, then 200: its time is waited for", async () => {
  const script = scripted({ loading: 0.06, times: 2 }, {});
  const { value, ms } = await timed(() => ask(script.client({ retry: QUICK })));
  assert.equal(value.object, "chat.completion");
  assert.ok(ms >= 115, `${ms} ms`);
});

test("a model that loads longer than maxLoadingWait is thrown", async () => {
  const script = scripted({ loading: 90 });
  const { value, ms } = await timed(() => failure(ask(script.client())));
  assert.deepEqual([value.name, value.estimatedTime], ["ModelLoadingError", 90_000]);
  assert.ok(ms < 2000, `${ms} ms`);
});

const waits = [
  ["Retry-After in seconds", { "retry-after": "1" }, 990],
  ["Retry-After-Ms", { "retry-after-ms": "80" }, 75],
  ["a spent RateLimit header", { ratelimit: '"api";r=0;t=1' }, 990],
];
for (const [name, headers, least] of waits) {
  test(`${name} is waited for`, async () => {
    const script = scripted({ status: 429, headers }, {});
    const { ms } = await timed(() => ask(script.client({ retry: QUICK })));
    assert.ok(ms >= least && ms < least + 1500, `${ms} ms`);
  });
}

test("a RateLimit header that is not spent is no reason to wait", async () => {
  const script = scripted({ status: 429, headers: { ratelimit: '"api";r=999;t=295' } }, {});
  const { ms } = await timed(() => ask(script.client({ retry: QUICK })));
  assert.ok(ms < 1000, `${ms} ms`);
});

test("a Retry-After on a 200 means nothing", async () => {
  const script = scripted({ headers: { "retry-after": "30" } }, {});
  const hf = script.client();
  await ask(hf);
  const { ms } = await timed(() => ask(hf));
  assert.ok(ms < 1000, `${ms} ms`);
});

test("a Retry-After of a day is thrown with retryAfter, not waited for", async () => {
  for (const value of ["86400", new Date(Date.now() + 86_400_000).toUTCString()]) {
    const script = scripted({ status: 429, headers: { "retry-after": value } }, {});
    const { value: error, ms } = await timed(() => failure(ask(script.client())));
    assert.equal(error.name, "RateLimitError");
    assert.ok(Math.abs(error.retryAfter - 86_400_000) < 3000, String(error.retryAfter));
    assert.ok(ms < 1000 && (await script.stats()).requests === 1, `${ms} ms`);
  }
});

test("abort during a wait between tries ends it at once", async () => {
  const script = scripted({ status: 500, times: 3 });
  const abort = new AbortController();
  const pending = ask(script.client({ retry: { baseDelay: 20_000 } }), {}, { signal: abort.signal });
  await script.stats("completed:1");
  const { value, ms } = await timed(() => {
    abort.abort("enough");
    return failure(pending);
  });
  assert.deepEqual([value.name, value.cause], ["APIUserAbortError", "enough"]);
  assert.ok(ms < 500, `${ms} ms`);
  assert.equal((await pending.settled).attempts, 1);
});

test("connection errors and connect timeouts are tried again", async () => {
  const script = scripted({ resetBeforeHeaders: true }, { stallBeforeHeaders: true }, {});
  const pending = ask(script.client({ retry: QUICK, timeout: { connect: 400 } }));
  assert.equal((await pending).object, "chat.completion");
  assert.equal((await pending.settled).attempts, 3);
  await script.closed();
});

test("a stall in the body is an idle timeout, not tried again", async () => {
  const script = scripted({ stallAfter: 700, times: 2 });
  const pending = ask(script.client({ retry: QUICK }), { stream: true }, { timeout: { idle: 150 } });
  const { items, error } = await drain(await pending);
  assert.deepEqual([error.name, error.phase, items.length > 0], ["APIConnectionTimeoutError", "idle", true]);
  assert.equal((await script.closed()).requests, 1);
});

test("a stall in the body of an error leaves the status, which is tried again", async () => {
  const script = scripted({ status: 503, text: "x".repeat(100), stallAfter: 10 }, {});
  const pending = ask(script.client({ retry: QUICK }), {}, { timeout: { idle: 50 } });
  assert.equal((await pending).object, "chat.completion");
  assert.equal((await pending.settled).attempts, 2);
  await script.closed();
  const { client, closed } = scripted({ status: 500, text: "x".repeat(100), stallAfter: 10 });
  const error = await failure(ask(client({ retry: false }), {}, { timeout: { idle: 50 } }));
  assert.deepEqual([error.name, error.status], ["InternalServerError", 500]);
  await closed();
});

test("a drip slower than idle times out, a faster one does not", async () => {
  const slow = scripted({ drip: 60 });
  const { error } = await drain(await ask(slow.client(), { stream: true }, { timeout: { idle: 25 } }));
  assert.equal(error.phase, "idle");
  await slow.closed();
  const fast = scripted({ fixture: "no-done.sse", split: 40, delayMs: 5 });
  assert.equal((await drain(await ask(fast.client(), { stream: true }, { timeout: { idle: 400 } }))).error, null);
});

test("after the first byte nothing is tried again", async () => {
  const script = scripted({ cutAfter: 900 }, {});
  const { error } = await drain(await ask(script.client({ retry: QUICK }), { stream: true }));
  assert.equal(error.name, "StreamTruncatedError");
  assert.equal((await script.closed()).requests, 1);
});

test("total covers tries and waits together", async () => {
  const script = scripted({ status: 500, times: 9 });
  const { value, ms } = await timed(() => failure(ask(script.client({ retry: { maxAttempts: 9, baseDelay: 5000 } }), {}, { timeout: { total: 120 } })));
  assert.deepEqual([value.name, value.phase], ["APIConnectionTimeoutError", "total"]);
  assert.ok(ms < 1000, `${ms} ms`);
});

test("the body of a discarded answer is cancelled", async () => {
  const script = scripted({ status: 500, giantEvent: 16_000_000, split: 65_536 }, {});
  assert.equal((await ask(script.client({ retry: QUICK }))).object, "chat.completion");
  const { disconnected, bytes } = await script.closed();
  assert.ok(disconnected === 1 && bytes < 16_000_000, `${bytes} bytes were sent`);
});

test("a number as the timeout is the connect timeout", async () => {
  const script = scripted({ stallBeforeHeaders: true });
  assert.equal((await failure(ask(script.client({ timeout: 40, retry: false })))).phase, "connect");
  await script.closed();
});
