// However a call ends, none of the package's timers is left.
import { timersLeft } from "../fault/timers.mjs";
import assert from "node:assert/strict";
import { test } from "node:test";
import { MODEL, PROMPT, hfetch } from "./setting/installed.mjs";

// Each is longer than timersLeft() waits.
const timeout = { connect: 60_000, idle: 60_000, total: 60_000 };
const COMPLETION = { choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }] };
const frame = (value) => `data: ${JSON.stringify(value)}\n\n`;
const TEXT = frame({ choices: [{ index: 0, delta: { content: "hi" }, finish_reason: null }] });
const LAST = frame({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
const WHOLE = `${TEXT}${LAST}data: [DONE]\n\n`;

const json = (value, init) => () => Response.json(value, init);
const answer = (text) => () => new Response(text);
/** A body that contains only `text`, until it is cancelled. */
const silentAfter = (text) => () => new Response(new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode(text)) }));
const chat = (hf, options) => hf.chat.completions.create({ messages: PROMPT }, options);
const stream = (hf, options) => hf.chat.completions.create({ messages: PROMPT, stream: true }, options);
const read = async (hf, options) => {
  for await (const _ of await stream(hf, options));
};
const aborted = (run) => async (hf) => {
  const abort = new AbortController();
  const ended = run(hf, { signal: abort.signal });
  setImmediate(() => setImmediate(() => abort.abort()));
  return ended;
};

const ENDS = {
  "a whole answer": [json(COMPLETION), chat],
  "a refusal": [json({ error: "no" }, { status: 400 }), chat],
  "a failed connection": [() => Promise.reject(new TypeError("refused")), chat],
  "a call that is aborted before its answer": [() => new Promise(() => {}), aborted(chat)],
  "a body that is aborted": [silentAfter("{"), aborted(chat)],
  "an error body that is aborted": [() => new Response(silentAfter("{")().body, { status: 500 }), aborted(chat)],
  "a wait between tries that is aborted": [json({ error: "no" }, { status: 500, headers: { "retry-after": "30" } }), aborted((hf, options) => chat(hf, { ...options, retry: { maxAttempts: 2, maxDelay: 60_000 } }))],
  embeddings: [json([[1, 2]]), (hf) => hf.embeddings.create({ model: "org/model", input: "x" })],
  models: [json({ data: [] }), (hf) => hf.models.list()],
  "a stream": [answer(WHOLE), read],
  "its text": [answer(WHOLE), async (hf) => {
    for await (const _ of (await stream(hf)).text());
  }],
  "its whole": [answer(WHOLE), async (hf) => (await stream(hf)).final()],
  "its bytes": [answer(WHOLE), async (hf) => new Response((await stream(hf)).toReadableStream()).text()],
  "a stream that is left": [silentAfter(TEXT), async (hf) => {
    for await (const _ of await stream(hf)) break;
  }],
  "a stream that nobody reads": [silentAfter(TEXT), async (hf) => (await stream(hf)).return()],
  "a stream that is aborted": [silentAfter(TEXT), aborted(read)],
  "a stream that is cut off": [answer(TEXT), read],
  "a stream with an error in it": [answer(TEXT + frame({ error: "broken" })), read],
  "a stream that stays open after its end": [silentAfter(WHOLE), read],
};
for (const [name, [fetch, run]] of Object.entries(ENDS)) {
  test(`no timer is left after ${name}`, async () => {
    const hf = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, retry: false, timeout, fetch: async () => fetch() });
    await run(hf).catch(() => {});
    assert.deepEqual(await timersLeft(), []);
  });
}

test("no timer is left after a call whose limits are in a store", async () => {
  const none = async () => {};
  const store = { reserve: async () => ({ ok: true, reservation: "r" }), settle: none, release: none, block: none };
  const hf = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, retry: false, timeout, store, fetch: async () => Response.json(COMPLETION) });
  const pending = chat(hf);
  await pending;
  await pending.settled;
  assert.deepEqual(await timersLeft(), []);
});
