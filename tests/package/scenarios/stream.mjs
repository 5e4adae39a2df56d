// Reading a stream: every way of reading, and every way in which it may end.
import { PROMPT, collect, scenario, textOf } from "./setting.mjs";
import { eventsOf } from "../setting/oracle.mjs";
import { assertIdentical } from "../setting/identical.mjs";

const ask = (client, body = {}, options) => client().chat.completions.create({ messages: PROMPT, stream: true, ...body }, options);

/** The bytes of a recording, as the endpoint sends them. */
async function recording({ url, control, id }, fixture) {
  await control.script(`${id}-raw`, [{ fixture }]);
  return (await fetch(`${url}/s/${id}-raw/`)).text();
}

const exactly = (fixture, split) =>
  scenario(`${fixture}, ${split ?? "whole"}: chunks are what JSON.parse gives`, async (t) => {
    await t.script({ fixture, ...(split && { split }) });
    const chunks = await collect(await ask(t.client));
    const expected = eventsOf(await recording(t, fixture)).map(({ data }) => data.trim()).filter((data) => data !== "" && data !== "[DONE]");
    t.assert.equal(chunks.length, expected.length);
    for (const [i, data] of expected.entries()) assertIdentical(chunks[i], JSON.parse(data), `chunk ${i}`);
  });

export const stream = [
  exactly("multilingual.sse"),
  exactly("multilingual.sse", 5),
  exactly("crlf.sse", "byte"),
  exactly("odd-numbers.sse", 9),
  exactly("odd-keys.sse", "random:2"),
  exactly("several-fields-change.sse", "random:3"),
  exactly("logprobs.sse"),
  exactly("comments.sse", "byte"),
  exactly("mixed-line-ends.sse", 1),

  scenario("text() gives the text of the first choice", async ({ client, script, assert }) => {
    await script({ fixture: "multilingual.sse", split: 5 }, { fixture: "two-choices.sse" });
    const pieces = await collect((await ask(client)).text());
    assert.ok(pieces.every((piece) => typeof piece === "string" && piece !== ""));
    assert.match(pieces.join(""), /^Grüße, мир — 日本語.*👩‍👩‍👧‍👦🏳️‍🌈/u);
    assert.equal((await collect((await ask(client)).text())).join(""), "Red wine");
  }),

  scenario("final() alone, before, during and after iteration", async ({ client, script, assert }) => {
    await script({ fixture: "tool-call-deltas.sse", times: 5 });
    const alone = await (await ask(client)).final();
    assert.deepEqual(alone.choices[0].message.tool_calls.map((call) => ({ id: call.id, type: call.type, ...call.function })), [
      { id: "call_a1", type: "function", name: "get_weather", arguments: '{"city":"Bern"}' },
    ]);
    assert.equal(alone.object, "chat.completion");
    assert.equal(alone.choices[0].finish_reason, "tool_calls");

    const first = await ask(client);
    const before = first.final();
    const count = (await collect(first)).length;
    assert.deepEqual(await before, alone, "before");
    assert.ok(count > 3);

    const second = await ask(client);
    let during;
    for await (const _ of second) during ??= second.final();
    assert.deepEqual(await during, alone, "during");

    const third = await ask(client);
    await collect(third);
    assert.deepEqual(await third.final(), alone, "after");

    const fourth = await ask(client);
    await collect(fourth.text());
    assert.deepEqual(await fourth.final(), alone, "after text()");
  }),

  scenario("tool calls and reasoning come out alike from every family of servers", async ({ client, hfetch, assert }) => {
    const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } } }];
    for (const provider of ["novita", "together", "groq", "hf-inference"]) {
      const hf = client({ model: `openai/gpt-oss-20b:${provider}` });
      const answer = { messages: [{ role: "user", content: "Oslo" }], stream: true };
      const called = await (await hf.chat.completions.create({ ...answer, tools })).final();
      const [call, ...others] = called.choices[0].message.tool_calls;
      assert.deepEqual([call.function.name, JSON.parse(call.function.arguments), others.length], ["get_weather", { city: "Oslo" }, 0], provider);
      assert.ok(call.id !== "" && call.type === "function", provider);
      const message = (await (await hf.chat.completions.create(answer)).final()).choices[0].message;
      assert.ok(message.content.startsWith("You said: Oslo"), provider);
      if (provider !== "hf-inference") assert.equal(hfetch.reasoningOf(message), "The user wants an echo.", provider);
    }
  }),

  scenario("toReadableStream gives the bytes as received", async (t) => {
    await t.script({ fixture: "crlf.sse", split: 7 });
    const stream = await ask(t.client);
    // The bytes after the event with [DONE], here the end of its blank line, needn't be read.
    const text = await new Response(stream.toReadableStream()).text();
    const whole = await recording(t, "crlf.sse");
    t.assert.ok(whole.startsWith(text) && text.length >= whole.length - 1, JSON.stringify(text.slice(-40)));
    t.assert.equal((await stream.settled).outcome, "ok");
  }),

  scenario("a stream has one reader", async ({ client, hfetch, assert }) => {
    const stream = await ask(client);
    const chunks = stream[Symbol.asyncIterator]();
    await chunks.next();
    assert.throws(() => stream.text(), hfetch.HfetchError);
    assert.throws(() => stream.toReadableStream(), hfetch.HfetchError);
    await stream.final();
  }),

  scenario("concurrent next() calls are answered in order", async ({ client, script, assert }) => {
    await script({ fixture: "metadata-changes.sse", split: 11 });
    const chunks = (await ask(client))[Symbol.asyncIterator]();
    const answers = await Promise.all(Array.from({ length: 12 }, () => chunks.next()));
    const ids = answers.filter(({ done }) => !done).map(({ value }) => value.id);
    assert.deepEqual(ids, ["gen-0000", "gen-0001", "gen-0002", "gen-0003", "gen-0004", "gen-0005", "gen-0006", "gen-9999"]);
    assert.deepEqual(answers.slice(8), Array(4).fill({ value: undefined, done: true }));
  }),

  ...[1, 2, 3, 4, 5].map((errorFrame) =>
    scenario(`error frame ${errorFrame}: what came before is given, then StreamError`, async ({ client, script, closed, hfetch, assert }) => {
      await script({ errorFrame });
      const stream = await ask(client);
      const chunks = [];
      const error = await assert.rejects(async () => {
        for await (const chunk of stream) chunks.push(chunk);
      }, hfetch.StreamError);
      assert.ok(!(error instanceof hfetch.StreamTruncatedError));
      assert.match(textOf(chunks), /^You said: Say something short\./);
      assert.equal(error.partial.choices[0].message.content, textOf(chunks));
      assert.match(error.message, /CUDA|overloaded|Tool call validation failed|Token limit reached/);
      await assert.rejects(stream.final(), hfetch.StreamError);
      assert.equal((await stream.settled).outcome, "error");
      await closed();
    }),
  ),

  ...["reset", "close", "end"].map((cut) =>
    scenario(`a body cut short (${cut}) is StreamTruncatedError with what had come`, async ({ client, script, closed, hfetch, assert }) => {
      await script({ cutAfter: 900, cut });
      const stream = await ask(client, {}, { retry: false });
      const chunks = [];
      const error = await assert.rejects(async () => {
        for await (const chunk of stream) chunks.push(chunk);
      }, hfetch.StreamTruncatedError);
      assert.ok(chunks.length > 0);
      assert.equal(error.partial.choices[0].message.content ?? "", textOf(chunks));
      assert.equal(error.partial.choices[0].finish_reason, null);
      if (cut === "reset") assert.ok(error.cause, "the connection's own error is the cause");
      assert.equal((await stream.settled).outcome, "truncated");
      await closed();
    }),
  ),

  scenario("no [DONE] after a finish_reason, and [DONE] without one, are good ends", async ({ client, script, assert }) => {
    await script({ fixture: "no-done.sse" }, { fixture: "done-without-finish.sse" }, { fixture: "event-after-done.sse" });
    for (const finish of ["stop", null, "stop"]) {
      const stream = await ask(client);
      await collect(stream);
      assert.equal(stream.finishReason, finish);
      assert.equal((await stream.settled).outcome, "ok");
    }
  }),

  scenario("a whole completion where a stream was asked for is one chunk", async ({ client, script, assert }) => {
    await script({ fixture: "completion-plain.json" });
    const stream = await ask(client);
    const chunks = await collect(stream);
    assert.equal(chunks.length, 1);
    assert.equal((await stream.final()).choices[0].message.content, "The capital is Bern.");
    assert.equal((await stream.settled).usage.total_tokens, 21);
  }),

  scenario("a 200 that is no answer is an error that says so", async ({ client, script, closed, hfetch, assert }) => {
    const bodies = [
      { json: { error: "Model is overloaded" } },
      { text: "<!DOCTYPE html><html><body>Sign in</body></html>", contentType: "text/html" },
      { text: "" },
    ];
    for (const body of bodies) {
      for (const stream of [true, false]) {
        await script(body);
        const error = await assert.rejects(async () => {
          const answer = await client().chat.completions.create({ messages: PROMPT, stream });
          if (stream) await collect(answer);
        }, hfetch.APIError, JSON.stringify(body));
        assert.ok(error.message.length > 10 && error.message.length < 600, error.message);
        await closed();
      }
    }
  }),

  scenario("an event past maxEventBytes is a StreamError", async ({ client, script, closed, hfetch, assert }) => {
    await script({ giantEvent: 20_000 }, { giantEvent: 20_000 });
    const small = await ask(() => client({ maxEventBytes: 10_000 }));
    await assert.rejects(collect(small), hfetch.StreamError);
    const large = await collect(await ask(client));
    assert.equal(large[0].choices[0].delta.content.length, 20_000);
    await closed();
  }),

  scenario("10,000 keep-alive comments are nothing", async ({ client, script, assert }) => {
    await script({ comments: 10_000 });
    assert.match(textOf(await collect(await ask(client))), /^You said/);
  }),

  scenario("a gzipped stream is read like any other", async ({ client, script, assert }) => {
    await script({ gzip: true });
    assert.match(textOf(await collect(await ask(client))), /^You said/);
  }),
];
