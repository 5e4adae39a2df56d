// Streams pass through: the same bytes, at once, as fast as their reader takes them, a thousand at the same time.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { before, test } from "node:test";
import { KEY, MESSAGES, MODEL, startGateway } from "./setting/running.mjs";

const asks = { model: MODEL, messages: MESSAGES, stream: true, stream_options: { include_usage: true } };
const chunk = (delta, more = {}) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: null }], ...more });
const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const bytesOf = async (response) => Buffer.from(await response.arrayBuffer());

let gateway;
before(async () => (gateway = await startGateway()));

// Some recordings end too early, and the gateway says so after the last whole event. It doesn't wait for what follows [DONE] or a broken frame.
test("every recording comes out as it went in", async () => {
  const names = (await readdir(new URL("../../fixtures", import.meta.url))).filter((name) => name.endsWith(".sse"));
  assert.ok(names.length > 50);
  for (const name of names) {
    gateway.script([{ fixture: name }, { fixture: name, split: "random:7" }]);
    const direct = await fetch(`${gateway.env.HF_BASE_URL}/chat/completions`, { method: "POST", body: JSON.stringify(asks) });
    const expected = await bytesOf(direct);
    const through = await bytesOf(await gateway.post(asks));
    const [words] = /(data: \{"error":\{"message":".*","type":"\w+","code":"upstream_\w+","param":null\}\}\n\n)?$/.exec(through.toString("latin1"));
    // An event without its blank line gets one.
    const came = through.toString("latin1").slice(0, -words.length || undefined);
    const whole = expected.toString("latin1");
    assert.ok(whole.startsWith(came) || whole === came.replace(/\n+$/, ""), `${name}: ${came.slice(-300)}`);
    const unread = whole.slice(came.length);
    const [{ outcome }] = await gateway.logged(({ kind }) => kind === "chat");
    gateway.lines.length = 0;
    // The rest may be half an event.
    assert.ok(!/[\r\n]{2}/.test(unread.slice(0, -1)) || ["error", "truncated"].includes(outcome) || through.includes("[DONE]"), `${name}: ${unread}`);
  }
});

test("a caller who did not ask for usage gets no event of it, and is charged by it all the same", async () => {
  const frames = [chunk({ role: "assistant" }), chunk({ content: "Rhine" }), chunk({}, { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }), { ...chunk({}), choices: [], usage }];
  gateway.lines.length = 0;
  for (const options of [undefined, { include_usage: false }, { include_usage: true }]) {
    gateway.script([{ sse: frames, done: true }]);
    const text = await (await gateway.post({ ...asks, stream_options: options })).text();
    assert.equal(text.includes('"usage"'), options?.include_usage === true);
    assert.match(text, /Rhine.*"stop".*data: \[DONE\]\n\n$/s);
  }
  const bodies = (await gateway.stats()).bodies.map(({ stream_options: options }) => options);
  assert.ok(bodies.every((options) => options.include_usage === true));
  const lines = await gateway.logged(({ outcome }) => outcome === "ok", 3);
  for (const { promptTokens, completionTokens, usageSource } of lines) assert.deepEqual([promptTokens, completionTokens, usageSource], [5, 2, "reported"]);
});

test("the first event is here before the second is sent", async () => {
  const first = `data: ${JSON.stringify(chunk({ content: "The" }))}\n\n`;
  gateway.script([{ text: `${first}data: ${JSON.stringify(chunk({ content: "end" }))}\n\n`, contentType: "text/event-stream", stallAfter: first.length }]);
  const response = await gateway.post(asks);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body.getReader();
  let text = "";
  while (text.length < first.length) text += new TextDecoder().decode((await reader.read()).value);
  assert.equal(text, first);
  await reader.cancel();
});

// Bytes may wait for others only if no event is complete, and never at the beginning or the end.
const whole = `data: ${JSON.stringify(chunk({ content: "The" }))}\n\n`;
const last = `data: ${JSON.stringify(chunk({}, { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }))}\n\n`;
for (const [what, text, split] of [
  ["a comment at the beginning", ":\n\n", undefined],
  ["an event whose last byte comes by itself", whole + whole, [whole.length * 2 - 1]],
  ["an event whose blank line comes by itself", whole + whole, [whole.length, whole.length * 2 - 1]],
  ["an event that is cut where its second bytes begin", whole + whole, [whole.length + 28]],
  ["[DONE]", `${whole}${last}data: [DONE]\n\n`, [whole.length, whole.length + last.length]],
]) {
  test(`${what} is here while nothing follows`, async () => {
    gateway.script([{ text: `${text}${whole}`, contentType: "text/event-stream", stallAfter: text.length, split: split && [...split, text.length] }]);
    const reader = (await gateway.post(asks)).body.getReader();
    let came = "";
    while (came.length < text.length) came += new TextDecoder().decode((await reader.read()).value);
    assert.equal(came, text);
    await reader.cancel();
  });
}

test("what came as one network chunk goes as one", async () => {
  const COUNT = 50;
  gateway.script([{ sse: Array(COUNT).fill(chunk({ content: "word" })), done: true, delayMs: 20 }]);
  const body = JSON.stringify(asks);
  const answer = await gateway.raw(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  const chunks = answer.match(/^[0-9a-f]+\r\n/gm).length;
  assert.equal(answer.match(/^data: /gm).length, COUNT + 1);
  // The first chunk comes in two pieces, and so does the last one, which is empty.
  assert.ok(chunks <= COUNT + 4, `${chunks} chunks`);
});

test("a whole answer is its bytes", async () => {
  const body = '{ "object":"chat.completion",  "choices": [ {"index":0,"seed":3859899181302555600,"message":{"role":"assistant","content":"\\u00e9 1.10"},"finish_reason":"stop"} ], "usage":{"prompt_tokens":1,"completion_tokens":1.0,"total_tokens":2}, "extra":1e2 }\n';
  gateway.script([{ text: body, contentType: "application/json; charset=utf-8" }]);
  const response = await gateway.post({ ...asks, stream: false });
  assert.deepEqual([await response.text(), response.headers.get("content-type")], [body, "application/json; charset=utf-8"]);
});

test("a whole answer where a stream was asked for is its bytes too", async () => {
  const answer = { id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message: { role: "assistant", content: "Rhine" }, finish_reason: "stop" }], usage };
  const written = JSON.stringify(answer);
  for (const text of [written, JSON.stringify(answer, null, 2), written.replace(",", ",\n\n"), `${written}\n\n`]) {
    for (const contentType of ["application/json", "text/event-stream"]) {
      gateway.lines.length = 0;
      gateway.script([{ text, contentType, split: 7 }]);
      assert.equal(await (await gateway.post(asks)).text(), text);
      const [{ outcome, completionTokens }] = await gateway.logged(({ kind }) => kind === "chat");
      assert.deepEqual([outcome, completionTokens], ["ok", 2]);
    }
  }
  const refusal = JSON.stringify({ error: { message: "the operator's own" } });
  gateway.script([{ text: refusal, contentType: "application/json" }]);
  assert.match(await (await gateway.post(asks)).text(), /^data: \{"error":\{"message":"The model's server gave no valid answer\."[^\n]*\n\n$/);
});

test("a reader that stops stops the model's server", async () => {
  const SIZE = 64 * 1024 * 1024;
  gateway.script([{ giantEvent: 15_000_000, times: 1 }, { sse: Array(SIZE / 65_536).fill(chunk({ content: "x".repeat(65_536) })), done: true }]);
  await gateway.post(asks).then((response) => response.body.cancel());
  const before = (await gateway.stats("closed")).bytes;
  const response = await gateway.post(asks);
  const reader = response.body.getReader();
  await reader.read();
  const sent = await settledDown(async () => (await gateway.stats()).bytes - before);
  assert.ok(sent < SIZE / 2, `${sent} bytes were sent to a reader that reads nothing`);
  let total = 0;
  for (let read; !(read = await reader.read()).done; ) total += read.value.length;
  assert.ok(total > SIZE, "and all of them once it reads on");
});

/** A counter that has stopped: it is the same twice, half a second apart. */
async function settledDown(count) {
  for (let last = -1; ; ) {
    const now = await count();
    if (now === last) return now;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

test("a thousand streams at once", async () => {
  const COUNT = 1_000;
  const gateway = await startGateway({ steps: Array(COUNT).fill({ split: [300], delayMs: 3_000 }) });
  const texts = await Promise.all(Array.from({ length: COUNT }, async (_, index) => {
    const response = await gateway.post({ ...asks, messages: [{ role: "user", content: `stream number ${index}` }] });
    return [response.status, await response.text(), index];
  }));
  for (const [status, text, index] of texts) {
    const said = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json).choices[0]?.delta.content ?? "").join("");
    assert.ok(status === 200 && said.includes(`stream number ${index}\n`) && text.endsWith("data: [DONE]\n\n"), `${index}: ${status} ${said}`);
  }
  const { peak, requests, cut, open } = await gateway.stats("closed");
  assert.deepEqual([requests, cut, open, peak >= 100], [COUNT, 0, 0, true], `${peak} at once`);
  assert.equal((await gateway.logged(({ outcome }) => outcome === "ok", COUNT)).length, COUNT);
});
