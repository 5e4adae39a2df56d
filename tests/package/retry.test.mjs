// Retries and timeouts with real timers and real faults.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PROMPT, drain, failure, hfetch, scripted } from "./setting/installed.mjs";

const QUICK = { baseDelay: 1 };
const ask = (hf, body = {}, options) => hf.chat.completions.create({ messages: PROMPT, ...body }, options);

/** Runs and returns the time it took, in ms. */
async function timed(action) {
  const started = performance.now();
  const value = await action();
  return { value, ms: performance.now() - started };
}

for (const status of [408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530]) {
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
  assert.ok(ms >= 990 && ms < 2_500, `${ms} ms: the second for who was too fast, and not the window`);
});

test("who was too fast waits a second at least, each time, where nothing that can be read says how long", async () => {
  for (const headers of [{}, { "retry-after": "soon" }]) {
    const script = scripted({ status: 429, headers, times: 2 }, {});
    const { ms } = await timed(() => ask(script.client({ retry: QUICK })));
    assert.ok(ms >= 1_990 && ms < 5_000, `${ms} ms`);
    assert.equal((await script.closed()).requests, 3);
  }
  for (const attempt of [1, 2]) {
    for (const random of [0, 1]) {
      const wait = hfetch.retryDelay({ status: 429, headers: {}, attempt, random });
      assert.ok(wait >= 1_000 && wait <= 2_000, String(wait));
    }
  }
});

const PAUSES = [
  ["429 with Retry-After", { status: 429, headers: { "retry-after": "60" } }],
  ["503 with Retry-After", { status: 503, headers: { "retry-after": "60" } }],
  ["a spent RateLimit header", { headers: { ratelimit: '"api";r=0;t=60' } }],
];
for (const [name, step] of PAUSES) {
  test(`after ${name} the next call is told at once how long to wait, and nothing is sent`, async () => {
    for (const options of [{}, { retry: false }, { limits: { onLimit: "error" } }, { limits: { requestsPerMinute: 100 } }]) {
      const script = scripted(step);
      const hf = script.client(options);
      await ask(hf).catch(() => {});
      for (const body of [{}, { stream: true }]) {
        const pending = ask(hf, body);
        const { value: error, ms } = await timed(() => failure(pending));
        assert.ok(error instanceof hfetch.RateLimitError && !(error instanceof hfetch.LimitExceededError), String(error));
        assert.deepEqual([error.status, error.attempts, error.requestId, error.isRetryable], [429, 0, null, true]);
        assert.ok(error.retryAfter > 50_000 && error.retryAfter <= 60_000, String(error.retryAfter));
        assert.ok(ms < 1_000, `${ms} ms`);
        assert.match(error.message, /server has asked for a pause/);
        assert.deepEqual([(await pending.settled).attempts, (await pending.settled).outcome], [0, "error"]);
      }
      assert.equal((await script.closed()).requests, 1);
    }
  });
}

test("a short pause is waited for, unless retry is off", async () => {
  const script = scripted({ status: 429, headers: { "retry-after-ms": "900" } }, {}, {});
  const hf = script.client({ retry: false });
  await failure(ask(hf));
  const error = await failure(ask(hf));
  assert.equal(error.name, "RateLimitError");
  const { ms } = await timed(() => ask(hf, {}, { retry: {}, maxRetries: 1 }));
  assert.ok(ms >= error.retryAfter - 100 && ms < 3_000, `${ms} ms of ${error.retryAfter}`);
});

test("another key goes on while one has to pause", async () => {
  const script = scripted({ status: 429, headers: { "retry-after": "60" } }, {}, {}, {});
  const hf = script.client({ apiKey: undefined, apiKeys: ["hf_a", "hf_b"] });
  for (let call = 0; call < 3; call++) assert.equal((await ask(hf)).object, "chat.completion");
  assert.equal((await script.closed()).requests, 4);
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

test("a connection error is tried again, a connect timeout is not: the model may have been at work", async () => {
  const script = scripted({ resetBeforeHeaders: true }, { stallBeforeHeaders: true }, {});
  const pending = ask(script.client({ retry: QUICK, timeout: { connect: 400 } }));
  const error = await failure(pending);
  assert.deepEqual([error.name, error.phase, error.attempts], ["APIConnectionTimeoutError", "connect", 2]);
  const { attempts, usage, outcome } = await pending.settled;
  assert.deepEqual([attempts, usage.prompt_tokens > 0, outcome], [2, true, "error"]);
  assert.equal((await script.closed()).requests, 2);
});

test("a Retry-After of 0 is now the first time, and a delay from then on", async () => {
  const script = scripted({ status: 429, headers: { "retry-after": "0" }, times: 3 }, {});
  const { ms } = await timed(() => ask(script.client({ retry: { maxAttempts: 4, baseDelay: 40 } })));
  // With full jitter the waits may be 0. The core's tests check the rule; this one checks that all attempts are made.
  assert.equal((await script.closed()).requests, 4);
  assert.ok(ms < 5_000, `${ms} ms`);
});

/** An error as undici throws it: fetch's own TypeError, whose cause says what happened. */
const undici = (code, name) => new TypeError("fetch failed", { cause: Object.assign(new Error(name), { name, code }) });
const HEADERS = undici("UND_ERR_HEADERS_TIMEOUT", "HeadersTimeoutError");
const BODY = undici("UND_ERR_BODY_TIMEOUT", "BodyTimeoutError");
const deep = new Error("outer", { cause: new AggregateError([new Error("refused"), new Error("inner", { cause: HEADERS })]) });
const odd = { get name() { throw new Error("no"); }, cause: BODY };
const self = new Error("round");
self.cause = self;

/** A client whose fetch answers each request with the next of these answers, or throws it if it is an error. */
function fetching(answers, options = {}) {
  const sent = [];
  const fetch = async () => {
    const next = answers[Math.min(sent.push(1), answers.length) - 1];
    if (typeof next === "function") return next();
    throw next;
  };
  return { sent, hf: new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: "m/m", retry: QUICK, fetch, ...options }) };
}
const COMPLETION = { choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }] };
const frame = (delta, finish_reason = null) => `data: ${JSON.stringify({ id: "1", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

for (const [name, thrown, code] of [
  ["for headers", HEADERS, "UND_ERR_HEADERS_TIMEOUT"],
  ["deep among causes", deep, "UND_ERR_HEADERS_TIMEOUT"],
  ["of Bun's", new DOMException("The operation timed out.", "TimeoutError"), "TimeoutError"],
]) {
  test(`the runtime's own limit ${name} is a timeout of the phase connect, named and not tried again`, async () => {
    const { hf, sent } = fetching([thrown, () => Response.json(COMPLETION)]);
    const pending = ask(hf);
    const error = await failure(pending);
    assert.deepEqual([error.name, error.phase, sent.length, error.attempts], ["APIConnectionTimeoutError", "connect", 1, 1]);
    assert.ok(error instanceof hfetch.APIConnectionTimeoutError && error.cause.message === thrown.message);
    assert.match(error.message, new RegExp(`runtime's own limit.*${code}`));
    assert.match(error.hint, /stream.*option fetch/);
    const { usage, outcome } = await pending.settled;
    assert.deepEqual([usage.prompt_tokens > 0, usage.source, outcome], [true, "estimated", "error"]);
  });
}

for (const [name, thrown] of [["a TCP connection that takes too long", undici("UND_ERR_CONNECT_TIMEOUT", "ConnectTimeoutError")], ["a cause of itself", self], ["a socket", undici("UND_ERR_SOCKET", "SocketError")]]) {
  test(`${name} is a lost connection: nothing was sent, and it is tried again`, async () => {
    const { hf, sent } = fetching([thrown, () => Response.json(COMPLETION)]);
    assert.equal((await ask(hf)).choices[0].message.content, "hi");
    assert.equal(sent.length, 2);
    const error = await failure(ask(fetching([thrown], { retry: false }).hf));
    assert.equal(error.name, "APIConnectionError");
  });
}

/** A body that contains `text` and then fails. */
const failing = (text, thrown, type = "text/event-stream") => () =>
  new Response(new ReadableStream({
    start: (body) => text && body.enqueue(new TextEncoder().encode(text)),
    pull: async (body) => {
      await new Promise(setImmediate);
      body.error(thrown);
    },
  }), { headers: { "content-type": type } });

for (const [name, thrown] of [["", BODY], [" behind a name that can't be read", odd], [" of Bun's", new DOMException("The operation timed out.", "TimeoutError")]]) {
  test(`the runtime's own limit for a body${name} is a timeout of the phase idle, with what had arrived`, async () => {
    const { hf, sent } = fetching([failing(frame({ content: "so far" }), thrown)]);
    const stream = await ask(hf, { stream: true });
    const { items, error } = await drain(stream);
    assert.deepEqual([items.length, error.name, error.phase, error.partial.choices[0].message.content], [1, "APIConnectionTimeoutError", "idle", "so far"]);
    assert.match(error.message, /no bytes within the runtime's own limit/);
    assert.equal((await stream.settled).outcome, "error");
    const whole = await failure(ask(fetching([failing("{", thrown, "application/json")]).hf));
    assert.deepEqual([whole.name, whole.phase, sent.length], ["APIConnectionTimeoutError", "idle", 1]);
    const vectors = await failure(fetching([failing("[", thrown, "application/json")]).hf.embeddings.create({ model: "a/b", input: "x" }));
    assert.deepEqual([vectors.name, vectors.phase], ["APIConnectionTimeoutError", "idle"]);
  });
}

test("what fails behind a finish reason is whole, whoever's limit it was", async () => {
  const stream = await ask(fetching([failing(frame({ content: "all" }) + frame({}, "stop"), BODY)]).hf, { stream: true });
  assert.equal((await drain(stream)).error, null);
  assert.equal((await stream.settled).outcome, "ok");
});

test("a stream has 300 s until its first event, and 120 s after it", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const settle = async () => {
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  };
  /** After how many ms a stream that contains only `text` is given up, and the error's words. */
  const patience = async (text, timeout) => {
    const silent = () => new Response(new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode(text)) }));
    const { hf } = fetching([silent], { timeout });
    const ended = drain(await ask(hf, { stream: true })).then(({ error }) => (error0 = error));
    let error0;
    let ms = 0;
    for (; error0 === undefined && ms < 1_000_000; ms += 2_500) {
      await settle();
      if (error0 === undefined) t.mock.timers.tick(2_500);
    }
    await ended;
    return [ms, error0.phase, /within (\d+) ms/.exec(error0.message)[1]];
  };
  for (const [text, timeout, idle] of [
    [": still loading\n\n", undefined, 300_000],
    [frame({ role: "assistant" }), undefined, 120_000],
    [frame({ content: "hi" }), undefined, 120_000],
    [": still loading\n\n", { idle: 40_000 }, 40_000],
    [frame({ content: "hi" }), { idle: 40_000 }, 40_000],
  ]) {
    const [ms, phase, said] = await patience(text, timeout);
    assert.deepEqual([phase, said], ["idle", String(idle)], text);
    // The stream is checked eight times within that time, the first time early.
    assert.ok(ms >= idle && ms <= idle * 1.125 + 10_000, `${text}: ${ms} ms`);
  }
});

test("headers may take 300 s for a stream and 600 s for a whole answer", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const [stream, connect] of [[true, 300_000], [false, 600_000]]) {
    const { hf, sent } = fetching([() => new Promise(() => {})]);
    let error;
    const ended = failure(ask(hf, { stream })).then((one) => (error = one));
    while (sent.length === 0) await new Promise(setImmediate);
    t.mock.timers.tick(connect - 1);
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    assert.equal(error, undefined);
    t.mock.timers.tick(1);
    await ended;
    assert.deepEqual([error.phase, error.attempts, /within (\d+) ms/.exec(error.message)[1]], ["connect", 1, String(connect)]);
  }
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
