// There is exactly one settlement for each create(): every ending, streamed or not, has the right outcome, key and number of attempts.
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { test } from "node:test";
import { PROMPT, drain, failure, hfetch, scripted } from "./setting/installed.mjs";

const PRICING = { inputPerMillion: 1, outputPerMillion: 2 };
const STALLED = { stallAfter: 700 };
const QUICK = { maxAttempts: 3, baseDelay: 1 };

/** Reads a stream to its end or failure. */
const read = async ({ pending }) => drain(await pending);
const never = { stallBeforeHeaders: true };

/**
 * Endings of a stream: the endpoint's steps, what the caller does, and what the settlement says. `usage` is "reported", "estimated" (a stream that delivered
 * something), "prompt" (sent, and nothing delivered) or "none".
 */
const STREAMS = [
  ["read to the end", [], read, { outcome: "ok", usage: "reported", finishReason: "stop" }],
  ["text() to the end", [], async ({ pending }) => drain((await pending).text()), { outcome: "ok", usage: "reported" }],
  ["final() alone", [], async ({ pending }) => (await pending).final(), { outcome: "ok", usage: "reported" }],
  ["toReadableStream() to the end", [], async ({ pending }) => drain((await pending).toReadableStream()), { outcome: "ok", usage: "reported" }],
  ["[DONE] without usage", [{ fixture: "done-without-finish.sse" }], read, { outcome: "ok", usage: "estimated", finishReason: null }],
  ["break", [STALLED], async ({ pending }) => {
    for await (const chunk of await pending) if (chunk.choices[0].delta.content) break;
  }, { outcome: "aborted", usage: "estimated" }],
  ["return() before reading", [STALLED], async ({ pending }) => (await pending).return(), { outcome: "aborted" }],
  ["throw()", [STALLED], async ({ pending }) => (await pending).throw(new Error("x")).catch(() => {}), { outcome: "aborted" }],
  ["dispose", [STALLED], async ({ pending }) => (await pending)[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")](), { outcome: "aborted" }],
  ["abort() mid-stream", [STALLED], async ({ pending }) => {
    const stream = await pending;
    await stream.next();
    stream.abort();
    stream.abort();
  }, { outcome: "aborted" }],
  ["signal mid-stream", [STALLED], async ({ pending, abort }) => {
    const stream = await pending;
    await stream.next();
    abort.abort();
    await drain(stream);
  }, { outcome: "aborted" }],
  ["cancel of the readable stream", [STALLED], async ({ pending }) => {
    const reader = (await pending).toReadableStream().getReader();
    await reader.read();
    await reader.cancel();
  }, { outcome: "aborted" }],
  ["break after the last chunk", [], async ({ pending }) => {
    const stream = await pending;
    await drain(stream);
    await stream.return();
    stream.abort();
  }, { outcome: "ok", usage: "reported" }],
  ["cut with a clean end", [{ cutAfter: 900, cut: "end" }], read, { outcome: "truncated", usage: "estimated" }],
  ["cut by a reset", [{ cutAfter: 900 }], read, { outcome: "truncated", usage: "estimated" }],
  ["error frame", [{ errorFrame: 3 }], read, { outcome: "error", usage: "estimated" }],
  ["error frame after usage", [{ fixture: "error-in-chunk.sse" }], read, { outcome: "error" }],
  ["bad JSON", [{ fixture: "bad-json.sse" }], read, { outcome: "error", usage: "estimated" }],
  ["an HTML page with status 200", [{ text: "<html></html>", contentType: "text/html" }], ({ pending }) => pending.then(drain, () => {}), { outcome: "error" }],
  ["idle timeout", [STALLED], read, { outcome: "error", usage: "estimated" }, { timeout: { idle: 150 } }],
];

const WHOLE = [
  ["answered", [], ({ pending }) => pending, { outcome: "ok", usage: "reported", finishReason: "stop" }],
  ["cut by a reset", [{ cutAfter: 20 }], ({ pending }) => failure(pending), {}],
  ["a body that is no JSON", [{ text: "oops" }], ({ pending }) => failure(pending), { outcome: "error" }],
  ["idle timeout", [{ stallAfter: 20 }], ({ pending }) => failure(pending), { outcome: "error" }, { timeout: { idle: 40 } }],
];

/** Endings that don't depend on the form of the answer. */
const BOTH = [
  ["400", [{ status: 400 }], ({ pending }) => failure(pending), { outcome: "error", usage: "none" }],
  ["500 three times", [{ status: 500, times: 3 }], ({ pending }) => failure(pending), { outcome: "error", usage: "none", attempts: 3 }, { retry: QUICK }],
  ["429, then answered", [{ status: 429 }, {}], ({ pending }) => pending.then((answer) => answer.final?.()), { outcome: "ok", usage: "reported", attempts: 2 }, { retry: QUICK }],
  ["connect timeout", [never], ({ pending }) => failure(pending), { outcome: "error", usage: "prompt" }, { timeout: { connect: 40 } }],
  ["total timeout", [never], ({ pending }) => failure(pending), { outcome: "error", usage: "prompt" }, { timeout: { total: 40 } }],
  ["reset before headers", [{ resetBeforeHeaders: true }], ({ pending }) => failure(pending), { outcome: "error" }],
  ["signal before headers", [never], async ({ pending, abort, script }) => {
    await script.stats("requests:1");
    abort.abort();
    await failure(pending);
  }, { outcome: "aborted", usage: "prompt" }],
  ["signal before sending", [], async ({ pending }) => failure(pending), { outcome: "aborted", usage: "none", attempts: 0, key: "" }, (abort) => abort.abort()],
];

const cases = [
  ...STREAMS.map((row) => [true, ...row]),
  ...WHOLE.map((row) => [false, ...row]),
  ...[true, false].flatMap((stream) => BOTH.map((row) => [stream, ...row])),
];

for (const [stream, name, steps, act, expected, more] of cases) {
  test(`${stream ? "stream" : "whole"}: ${name}`, async () => {
    const script = scripted(...steps);
    const seen = { client: [], request: [] };
    const hf = script.client({ retry: false, pricing: PRICING, limits: { requestsPerMinute: 100, tokensPerMinute: 1e6 }, budget: { usd: 1, per: "day" }, onSettled: (one) => seen.client.push(one) });
    const abort = new AbortController();
    if (typeof more === "function") more(abort);
    const options = { signal: abort.signal, onSettled: (one) => seen.request.push(one), ...(typeof more === "object" && more) };
    const pending = hf.chat.completions.create({ messages: PROMPT, stream, max_tokens: 50 }, options);
    await act({ pending, abort, script });
    const settlement = await pending.settled;
    await script.closed();
    await nextTurn();
    assert.deepEqual([seen.client.length, seen.request.length], [1, 1], "settled exactly once");
    assert.equal(seen.client[0], settlement);
    assertSettlement(settlement, expected);
    assertAgrees(hf.snapshot(), [settlement]);
  });
}

function assertSettlement(one, { outcome = one.outcome, usage, attempts = 1, key, finishReason }) {
  assert.equal(one.outcome, outcome);
  assert.equal(one.attempts, attempts);
  assert.match(one.key, key === undefined ? /^huggingface-[0-9a-f]+$/ : /^$/);
  if (finishReason !== undefined) assert.equal(one.finishReason, finishReason);
  const { prompt_tokens: input, completion_tokens: output, source } = one.usage;
  if (usage === "reported" || usage === "estimated") assert.ok(source === usage && input > 0 && output > 0, JSON.stringify(one.usage));
  if (usage === "prompt") assert.ok(input > 0 && output === 0 && source === "estimated", JSON.stringify(one.usage));
  if (usage === "none") assert.deepEqual([input, output], [0, 0]);
  assert.ok(Math.abs(one.cost.usd - (input + 2 * output) / 1e6) < 1e-12, "cost follows usage");
  assert.ok(one.durationMs >= 0 && (one.firstTokenMs === null || one.firstTokenMs <= one.durationMs));
  assert.deepEqual(JSON.parse(JSON.stringify(one)).usage, one.usage, "plain data");
}

/** Checks that limiter, keys and budget count what the settlements say, and nothing more. */
function assertAgrees(snapshot, settlements) {
  const sum = (pick) => settlements.reduce((total, one) => total + pick(one), 0);
  const [key] = snapshot.keys;
  const tokens = sum(({ usage }) => usage.prompt_tokens + usage.completion_tokens);
  assert.equal(key.tokens, tokens, "tokens of the key");
  assert.equal(key.tokensLastMinute, tokens, "tokens of the limiter");
  assert.ok(Math.abs(snapshot.spend.usd - sum(({ cost }) => cost.usd)) < 1e-12, "spend");
  assert.equal(snapshot.spend.promptTokens, sum(({ usage }) => usage.prompt_tokens));
  assert.equal(snapshot.spend.completionTokens, sum(({ usage }) => usage.completion_tokens));
  assert.deepEqual([snapshot.inFlight, snapshot.queued], [0, 0]);
}

test("a hundred calls with every ending at once: the books agree", async () => {
  const steps = [{}, { cutAfter: 900, cut: "end" }, { errorFrame: 1 }, { status: 400 }, { fixture: "usage-in-every-chunk.sse" }];
  const script = scripted(...Array.from({ length: 100 }, (_, i) => steps[i % steps.length]));
  const settlements = [];
  const hf = script.client({ retry: false, pricing: PRICING, limits: { tokensPerMinute: 1e6, maxConcurrent: 20 }, onSettled: (one) => settlements.push(one) });
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const pending = hf.chat.completions.create({ messages: PROMPT, stream: true });
      await pending.then(async (stream) => (i % 7 === 0 ? stream.return() : drain(stream)), () => {});
      await pending.settled;
    }),
  );
  await script.closed();
  assert.equal(settlements.length, 100);
  assert.equal((await script.stats()).requests, 100);
  assertAgrees(hf.snapshot(), settlements);
});

test("refused by a limit, refused by the budget: error, no tries, no key, nothing sent", async () => {
  const refusals = [
    [{ limits: { tokensPerMinute: 10 } }, hfetch.LimitExceededError],
    [{ pricing: PRICING, budget: { usd: 1e-6, per: "month" } }, hfetch.BudgetExceededError],
  ];
  for (const [options, type] of refusals) {
    const script = scripted();
    const settlements = [];
    const pending = script.client({ ...options, onSettled: (one) => settlements.push(one) }).chat.completions.create({ messages: PROMPT });
    assert.ok((await failure(pending)) instanceof type);
    const { outcome, attempts, key, usage } = await pending.settled;
    assert.deepEqual([outcome, attempts, key, usage.total_tokens, settlements.length], ["error", 0, "", 0, 1]);
    assert.equal((await script.stats()).requests, 0);
  }
});

test("bad arguments settle nothing", async () => {
  const settlements = [];
  const hf = scripted().client({ onSettled: (one) => settlements.push(one) });
  await failure((async () => hf.chat.completions.create({ messages: 5 }))());
  await failure((async () => hf.embeddings.create({ input: 5 }))());
  await nextTurn();
  assert.equal(settlements.length, 0);
});

test("metadata comes back as the same object and is never sent", async () => {
  const script = scripted();
  const metadata = { nested: [1], self: null };
  metadata.self = metadata;
  const pending = script.client().chat.completions.create({ messages: PROMPT }, { metadata });
  await pending;
  assert.equal((await pending.settled).metadata, metadata);
  assert.deepEqual(Object.keys((await script.stats()).bodies[0]), ["model", "messages"]);
});

test("settled never rejects, and alone it hides no other rejection", async () => {
  const pending = scripted({ status: 400 }).client().chat.completions.create({ messages: PROMPT });
  const [answer, settlement] = await Promise.allSettled([pending, pending.settled]);
  assert.deepEqual([answer.status, settlement.status], ["rejected", "fulfilled"]);
});
