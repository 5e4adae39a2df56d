// Every way of leaving early closes the connection to the server, as the endpoint's own counters show.
import { PROMPT, SOME_BYTES, collect, scenario } from "./setting.mjs";

const STALLED = { stallAfter: SOME_BYTES };

/** A stream whose answer never ends. */
async function endless({ client, script }, options) {
  await script(STALLED);
  return client().chat.completions.create({ messages: PROMPT, stream: true }, options);
}

/** The same stream, read until its first chunk. */
async function begun(t, options) {
  const stream = await endless(t, options);
  const chunks = stream[Symbol.asyncIterator]();
  await chunks.next();
  return { stream, chunks };
}

/** Checks that the endpoint saw the client hang up, and that nothing is left open. */
async function hungUp({ closed, assert }) {
  const { disconnected } = await closed();
  assert.equal(disconnected, 1, "the endpoint saw a disconnect");
}

const leaving = (name, leave) =>
  scenario(`${name} hangs up and ends quietly`, async (t) => {
    const stream = await endless(t);
    await leave(stream);
    await hungUp(t);
    t.assert.equal((await stream.settled).outcome, "aborted");
  });

export const cancel = [
  leaving("break", async (stream) => {
    for await (const _ of stream) break;
  }),
  leaving("break out of text()", async (stream) => {
    for await (const _ of stream.text()) break;
  }),
  leaving("return()", async (stream) => {
    await stream.next();
    await stream.return();
    await stream.return();
  }),
  leaving("throw()", async (stream) => {
    await stream.next();
    await stream.throw(new Error("mine")).catch(() => {});
  }),
  leaving("an error thrown in the loop", async (stream) => {
    const mine = new Error("mine");
    try {
      for await (const _ of stream) throw mine;
    } catch (error) {
      if (error !== mine) throw error;
    }
  }),
  leaving("cancelling toReadableStream()", async (stream) => {
    const reader = stream.toReadableStream().getReader();
    await reader.read();
    await reader.cancel();
  }),
  leaving("disposing a stream that nobody reads", async (stream) => {
    await stream[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]();
  }),

  scenario("after break, next() is done", async (t) => {
    const { chunks } = await begun(t);
    await chunks.return();
    t.assert.deepEqual(await chunks.next(), { value: undefined, done: true });
    await hungUp(t);
  }),

  scenario("abort(reason) rejects the pending read with its reason as the cause", async (t) => {
    const { stream, chunks } = await begun(t);
    const reason = { why: "enough" };
    // Everything that was sent has arrived when a read stays pending; abort() must wake it.
    const reading = (async () => {
      while (!(await chunks.next()).done);
    })();
    stream.abort(reason);
    const error = await t.assert.rejects(reading, t.hfetch.APIUserAbortError);
    t.assert.equal(error.cause, reason);
    t.assert.equal(error.partial.choices[0].finish_reason, null);
    await t.assert.rejects(stream.final(), t.hfetch.APIUserAbortError);
    t.assert.equal((await stream.settled).outcome, "aborted");
    await hungUp(t);
  }),

  scenario("the caller's signal hangs up; a string as its reason comes back unchanged", async (t) => {
    const abort = new AbortController();
    const { chunks } = await begun(t, { signal: abort.signal });
    const reading = (async () => {
      while (!(await chunks.next()).done);
    })();
    abort.abort("user left");
    const error = await t.assert.rejects(reading, t.hfetch.APIUserAbortError);
    t.assert.equal(error.cause, "user left");
    await hungUp(t);
  }),

  scenario("stream.controller.abort() hangs up", async (t) => {
    const { stream, chunks } = await begun(t);
    stream.controller.abort();
    await t.assert.rejects(async () => {
      while (!(await chunks.next()).done);
    }, t.hfetch.APIUserAbortError);
    await hungUp(t);
  }),

  scenario("a signal that is aborted already: nothing is sent", async ({ client, stats, hfetch, assert }) => {
    const reason = new Error("before");
    const pending = client().chat.completions.create({ messages: PROMPT, stream: true }, { signal: AbortSignal.abort(reason) });
    const error = await assert.rejects(pending, hfetch.APIUserAbortError);
    assert.equal(error.cause, reason);
    assert.equal((await stats()).requests, 0);
    const { outcome, attempts } = await pending.settled;
    assert.deepEqual([outcome, attempts], ["aborted", 0]);
  }),

  scenario("abort before the headers hangs up", async ({ client, script, stats, closed, hfetch, assert }) => {
    await script({ stallBeforeHeaders: true });
    const abort = new AbortController();
    const pending = client().chat.completions.create({ messages: PROMPT, stream: true }, { signal: abort.signal });
    await stats("requests:1");
    abort.abort();
    await assert.rejects(pending, hfetch.APIUserAbortError);
    assert.equal((await pending.settled).outcome, "aborted");
    assert.equal((await closed()).disconnected, 1);
  }),

  scenario("abort while a whole answer is read hangs up", async ({ client, script, stats, closed, hfetch, assert }) => {
    await script({ stallAfter: 20 });
    const abort = new AbortController();
    const pending = client().chat.completions.create({ messages: PROMPT }, { signal: abort.signal });
    await stats("bytes:20");
    abort.abort();
    await assert.rejects(pending, hfetch.APIUserAbortError);
    assert.equal((await closed()).disconnected, 1);
  }),

  // Long enough for a request to leave a busy browser: a request that was never sent hangs up on nobody.
  ...[
    ["connect", { stallBeforeHeaders: true }, { connect: 400 }],
    ["idle", STALLED, { idle: 400 }],
    ["total", { delayMs: 50, split: 20 }, { total: 400 }],
  ].map(([phase, step, timeout]) =>
    scenario(`timeout: ${phase} ends with its phase and hangs up`, async ({ client, script, closed, hfetch, assert }) => {
      await script(step);
      const pending = client({ retry: false }).chat.completions.create({ messages: PROMPT, stream: true }, { timeout });
      const error = await assert.rejects(async () => collect(await pending), hfetch.APIConnectionTimeoutError);
      assert.equal(error.phase, phase);
      if (phase === "idle") assert.equal(error.partial.choices[0].message.role, "assistant");
      assert.equal((await pending.settled).outcome, "error");
      assert.equal((await closed()).disconnected, 1);
    }),
  ),

  scenario("comments between events are no silence", async ({ client, script, assert }) => {
    const chunk = (content, finish_reason) => ({ choices: [{ index: 0, delta: { content }, finish_reason }] });
    const comments = Array(9).fill(":\n\n");
    await script({ sse: [...comments, chunk("x", null), ...comments, chunk("y", "stop")], done: true, delayMs: 100 });
    const stream = await client({ retry: false }).chat.completions.create({ messages: PROMPT, stream: true }, { timeout: { idle: 500 } });
    assert.equal((await stream.final()).choices[0].message.content, "xy");
  }),

  scenario("a slow drip is not idle", async ({ client, script, assert }) => {
    await script({ sse: [": a\n", ": b\n", ": c\n", ": d\n", ": e\n", { choices: [{ index: 0, delta: { content: "x" }, finish_reason: "stop" }] }], done: true, delayMs: 50 });
    const stream = await client().chat.completions.create({ messages: PROMPT, stream: true }, { timeout: { idle: 220 } });
    assert.equal((await collect(stream.text())).join(""), "x");
  }),

  scenario("a consumer that pauses is not timed", async ({ client, script, assert }) => {
    await script({ fixture: "metadata-changes.sse" });
    const stream = await client().chat.completions.create({ messages: PROMPT, stream: true }, { timeout: { idle: 120 } });
    let chunks = 0;
    for await (const _ of stream) {
      chunks += 1;
      if (chunks === 2) await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.equal(chunks, 8);
  }),
];
