// How much a gateway holds back of incomplete events, and how long it works on them: never more than stated, whatever a server sends.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { hfetch } from "../../package/setting/installed.mjs";
import { WholeEvents } from "../../../src/js/gateway/event_filter.js";
import { runOn } from "../../../src/js/gateway/client.js";
import { KEY, MESSAGES, MODEL, TOKEN, pkg } from "./setting/running.mjs";

runOn(hfetch.HuggingFace, hfetch.internals);
const { gateway } = await import(pathToFileURL(join(pkg, "dist/gateway.js")));

const encoder = new TextEncoder();
const event = (data) => `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
const chunk = (delta, reason = null) => event({ id: "c", choices: [{ index: 0, delta, finish_reason: reason }] });
const HI = chunk({ content: "hi" });
const FINISH = chunk({}, "stop");

/** The answer that a gateway's caller gets, and how many of the parts were read. */
async function through(parts, path = "/v1/chat/completions", asks = { messages: MESSAGES }) {
  const read = { parts: 0 };
  const body = new ReadableStream({
    pull(controller) {
      const { value, done } = parts.next();
      if (done) return controller.close();
      read.parts += 1;
      controller.enqueue(encoder.encode(value));
    },
  }, { highWaterMark: 0 });
  const fetch = async () => new Response(body, { headers: { "content-type": "text/event-stream" } });
  const service = gateway({ apiKeys: [TOKEN], clientKeys: [KEY], fetch });
  const request = new Request(`http://gateway.test${path}`, { method: "POST", headers: { authorization: `Bearer ${KEY}` }, body: JSON.stringify({ model: MODEL, stream: true, ...asks }) });
  return { text: await (await service.fetch(request, {}, {})).text(), read: read.parts };
}

function* parts(...given) {
  for (const [text, times = 1] of given) for (let at = 0; at < times; at++) yield text;
}

const UNFINISHED = { "comments": ": x\n".repeat(2_500), "a comment": "x".repeat(10_000), "lines of data": "data: x\n".repeat(1_250), "a line of data": "x".repeat(10_000), "lines of no field": "x\n".repeat(5_000) };
const beginning = (kind) => (kind === "a comment" ? ":" : kind === "a line of data" ? "data: " : "");

test("an event that never ends is given up, and what came before it is told", async () => {
  for (const [kind, piece] of Object.entries(UNFINISHED)) {
    const { text, read } = await through(parts([HI + beginning(kind)], [piece, 5_000]));
    assert.ok(text.startsWith(HI) && text.includes('"error"'), `${kind}: ${text.slice(0, 200)}`);
    assert.ok(text.length < 1_000 && read < 300, `${kind}: ${text.length} characters, ${read} pieces`);
    const responses = await through(parts([beginning(kind)], [piece, 5_000]), "/v1/responses", { input: "x" });
    assert.ok(responses.text.includes("event: error") && responses.read < 300, `${kind}: ${responses.text.slice(0, 200)}`);
  }
});

test("one that comes behind the finish takes nothing from the answer", async () => {
  for (const [kind, piece] of Object.entries(UNFINISHED)) {
    const { text, read } = await through(parts([HI + FINISH + beginning(kind)], [piece, 5_000]));
    // Comments are complete, whatever follows them.
    assert.ok(kind === "comments" ? text.startsWith(HI + FINISH) && !text.includes("data", HI.length + FINISH.length) : text === HI + FINISH, kind);
    assert.ok(read < 300, `${kind}: ${read} pieces`);
  }
});

test("an event as large as those of many choices with their logprobs is handed on, in whatever pieces it comes", async () => {
  const large = chunk({ content: "word ".repeat(200_000) });
  for (const size of [large.length, 10_000, 77]) {
    const { text } = await through(parts([HI], ...Array.from({ length: Math.ceil(large.length / size) }, (_, at) => [large.slice(at * size, (at + 1) * size)]), [FINISH]));
    assert.ok(text === HI + large + FINISH, `in pieces of ${size}`);
  }
});

test("what all streams together hold has a bound, within which short events go on", () => {
  const filters = Array.from({ length: 100 }, () => new WholeEvents());
  const half = new Uint8Array(1_000_000).fill(120);
  const refused = filters.filter((filter) => filter.whole(half) === undefined);
  assert.ok(refused.length > 50 && refused.length < 70, `${refused.length}`);
  for (const filter of refused) filter.letGo();
  const short = new WholeEvents();
  assert.equal(short.whole(half.subarray(0, 60_000)).length, 0);
  for (const filter of [...filters, short]) filter.letGo();
  for (const filter of filters.slice(0, 30)) assert.equal(filter.whole(half).length, 0);
  for (const filter of filters) filter.letGo();
});

test("what a stream held that a host has stopped without a word is room for others after ten minutes, and is no beginning of what comes late", (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const half = new Uint8Array(1_900_000).fill(120);
  const stopped = Array.from({ length: 30 }, () => new WholeEvents());
  const refused = stopped.filter((filter) => filter.whole(half) === undefined);
  assert.ok(refused.length > 5 && stopped[0].held().length === half.length);
  for (const filter of refused) filter.letGo();
  const [other, later] = [new WholeEvents(), new WholeEvents()];
  now = 599_000;
  assert.equal(other.whole(half), undefined);
  other.letGo();
  now = 601_000;
  assert.equal(later.whole(half).length, 0);
  assert.equal(stopped[0].whole(new TextEncoder().encode("\n\n")), undefined);
  for (const filter of [...stopped, later]) filter.letGo();
});

test("the time of looking for an error in an event grows with the event and no faster", async () => {
  const spaces = " ".repeat(500_000);
  const { text } = await through(parts([event(`{"choices":${spaces}[${spaces}{"index":0,"delta":{"content":"x"}}],"error":{"message":"wrong"}}`)]));
  assert.ok(text.includes("wrong"));
});
