// Every recording, over HTTP and through an injected fetch, whole and in pieces, compared with the JSON.parse oracle.
import assert from "node:assert/strict";
import { test } from "node:test";
import { generator } from "../endpoint/delivery.mjs";
import { furtherStreams, streamFixtures } from "./setting/fixtures.mjs";
import { assertIdentical } from "./setting/identical.mjs";
import { MODEL, PROMPT, drain, hfetch, scripted } from "./setting/installed.mjs";
import { expectedCompletion, plainCompletion, replay } from "./setting/oracle.mjs";

const own = streamFixtures();
const further = furtherStreams();
if (process.env.HFETCH_FIXTURES) console.log(`replaying ${further.length} further recordings from ${process.env.HFETCH_FIXTURES}`);

/** The ways in which a body arrives: over a socket, and from an injected fetch, whose pieces nothing joins again. */
const deliveries = [
  ["over HTTP, whole", overHttp({})],
  ["over HTTP at random splits", overHttp({ split: "random:1" })],
  ["over HTTP at other random splits", overHttp({ split: "random:2" })],
  ["byte by byte", fromFetch(function* (bytes) {
    for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
  })],
  ["in random pieces", fromFetch(function* (bytes) {
    const random = generator(bytes.length);
    for (let at = 0; at < bytes.length; ) yield bytes.subarray(at, (at += 1 + Math.floor(random() * 90)));
  })],
];

function overHttp(delivery) {
  return ({ bytes, contentType }) => {
    const { client } = scripted({ base64: bytes.toString("base64"), contentType, ...delivery, times: 4 });
    return client({ retry: false });
  };
}

function fromFetch(pieces) {
  return ({ bytes, contentType }) =>
    new hfetch.HuggingFace({
      apiKey: "hf_test", baseURL: "http://replay.invalid/v1", model: MODEL, retry: false,
      fetch: async () => {
        const left = pieces(bytes);
        const body = new ReadableStream({
          pull(controller) {
            const { value, done } = left.next();
            if (done) controller.close();
            else controller.enqueue(Uint8Array.from(value));
          },
        });
        return new Response(body, { headers: { "content-type": contentType } });
      },
    });
}

const open = (hf) => hf.chat.completions.create({ messages: PROMPT, stream: true });

function assertEnd(error, expected, note) {
  if (expected.end === "ok") assert.equal(error, null, note);
  else assert.equal(error?.name, expected.end, `${note}: ${error?.stack}`);
}

const OUTCOMES = { ok: "ok", StreamError: "error", StreamTruncatedError: "truncated" };

/** Chunks, text, the completion and the bytes themselves, each from a stream of its own. */
async function assertReplay(hf, recording, expected, note) {
  const stream = await open(hf);
  const { items, error } = await drain(stream);
  assertEnd(error, expected, note);
  assertIdentical(items, expected.chunks, note);
  const settlement = await stream.settled;
  assert.equal(settlement.outcome, OUTCOMES[expected.end], note);
  assert.equal(stream.finishReason, expected.finishReason, note);
  assert.equal(settlement.usage.source, expected.usage ? "reported" : "estimated", note);
  if (expected.usage) assert.equal(settlement.usage.prompt_tokens, expected.usage.prompt_tokens, note);

  const text = await drain((await open(hf)).text());
  assertEnd(text.error, expected, `${note}, text()`);
  assert.equal(text.items.join(""), expected.text, `${note}, text()`);

  const folded = await (await open(hf)).final().then((completion) => ({ completion }), (reason) => ({ completion: reason.partial, error: reason }));
  assertEnd(folded.error ?? null, expected, `${note}, final()`);
  assert.deepEqual(plainCompletion(folded.completion), expectedCompletion(expected.completion), `${note}, final()`);

  const bytes = Buffer.concat((await drain((await open(hf)).toReadableStream())).items);
  assert.ok(recording.bytes.subarray(0, bytes.length).equals(bytes), `${note}, toReadableStream()`);
  if (expected.end === "ok") assert.ok(bytes.length >= needed(recording.bytes), `${note}, toReadableStream() gave ${bytes.length} bytes`);
}

/** How many bytes of a body belong to the answer: all, or those up to its `[DONE]`. */
function needed(bytes) {
  const done = /(?:^|[\r\n])data: ?\[DONE\]/.exec(bytes.toString("latin1"));
  return done ? done.index + done[0].length : bytes.length;
}

for (const recording of [...own, ...further]) {
  const expected = replay(recording.bytes);
  for (const [how, client] of deliveries) {
    test(`${recording.name}, ${how}`, () => assertReplay(client(recording), recording, expected, how));
  }
}
