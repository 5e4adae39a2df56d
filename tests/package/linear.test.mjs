// Checks what must not grow with a stream's length. `npm run bench -- --linear` does the same with a million events.
import assert from "node:assert/strict";
import { test } from "node:test";

const MIB = 1 << 20;

// Runs before the package is loaded, and keeps the memories of its WebAssembly, whose size is measured.
const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(...given) {
    super(...given);
    memories.push(this.exports.memory);
  }
};
const { MODEL, PROMPT, hfetch } = await import("./setting/installed.mjs");

const encoder = new TextEncoder();
const event = (content, finish = null) => encoder.encode(`data: ${JSON.stringify({ id: "x", choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`);
const ending = [event("", "stop"), encoder.encode("data: [DONE]\n\n")];
const wasm = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) / MIB;

const bodies = [];
const fetch = async () => new Response(bodies.shift(), { headers: { "content-type": "text/event-stream" } });
const client = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", fetch, limits: {} });

function open(parts) {
  const iterator = parts[Symbol.iterator]();
  const pull = (controller) => {
    const { value, done } = iterator.next();
    if (done) controller.close();
    else controller.enqueue(value);
  };
  bodies.push(new ReadableStream({ pull }, { highWaterMark: 0 }));
  return client.chat.completions.create({ model: MODEL, messages: PROMPT, stream: true });
}

function* repeated(part, times) {
  for (let time = 0; time < times; time++) yield part;
  yield* ending;
}

test("the last events of a long stream cost what the first did, and leave no more memory than the text they brought", async () => {
  const [each, parts] = [20, 4_000];
  const part = Buffer.concat(Array.from({ length: each }, () => event("word ")));
  const quarter = (each * parts) / 4;
  const times = [];
  let [seen, start, before] = [0, process.cpuUsage(), 0];
  for await (const _ of await open(repeated(part, parts))) {
    if (++seen % quarter !== 0) continue;
    const { user, system } = process.cpuUsage(start);
    times.push(user + system);
    start = process.cpuUsage();
    if (seen === quarter) before = wasm();
  }
  assert.equal(seen, each * parts + 1);
  assert.ok(times[3] < 3 * times[0], `µs by quarters: ${times.join(", ")}`);
  const text = ("word ".length * seen) / MIB;
  assert.ok(wasm() - before < 4 * text + 1, `${before} MiB became ${wasm()} MiB`);
});

test("what streams took is there for the next ones", async (t) => {
  // All at one moment: the limits remember sending times for a minute, which has nothing to do with a stream.
  for (const clock of [Date, performance]) {
    const moment = clock.now();
    t.mock.method(clock, "now", () => moment);
  }
  const part = event("word ");
  const read = async () => {
    for await (const _ of await open(repeated(part, 100)));
  };
  const many = () => Promise.all(Array.from({ length: 100 }, read));
  // In the second round the memory is laid out as it stays; the free blocks of the first round had other sizes.
  for (let round = 0; round < 2; round++) await many();
  const before = wasm();
  for (let round = 0; round < 10; round++) await many();
  assert.ok(wasm() <= before, `${before} MiB became ${wasm()} MiB`);
});

test("one event of 16 MiB, in small network chunks", async () => {
  const text = "x".repeat(16 * MIB - 1024);
  const bytes = event(text);
  const size = 16_384;
  const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
  let length = 0;
  for await (const chunk of await open([...parts, ...ending])) length += chunk.choices[0].delta.content.length;
  assert.equal(length, text.length);
});
