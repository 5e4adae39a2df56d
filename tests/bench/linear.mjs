// Checks what must not grow with the length of a stream: the time per event, and the memory. Run with --expose-gc.
// linear.mjs [events] prints one line for each tenth of the stream, one for an event of 16 MiB, and one for 1,000 simultaneous streams.
import { setImmediate as turn } from "node:timers/promises";

const EVENTS = Number(process.argv[2] ?? 1_000_000);
const NETWORK_CHUNK = 16384;
const MIB = 1 << 20;

// Keeps the memories of the package's WebAssembly, whose size is measured.
const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(...given) {
    super(...given);
    memories.push(this.exports.memory);
  }
};

const { HuggingFace } = await import("hfetch");
const encoder = new TextEncoder();
const event = (content, finish = null) =>
  encoder.encode(`data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "org/model", choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: finish }] })}\n\n`);
const ending = [event("", "stop"), encoder.encode("data: [DONE]\n\n")];

function open(parts) {
  const iterator = parts[Symbol.iterator]();
  const pull = (controller) => {
    const { value, done } = iterator.next();
    if (done) controller.close();
    else controller.enqueue(value);
  };
  const body = new ReadableStream({ pull }, { highWaterMark: 0 });
  const fetch = async () => new Response(body, { headers: { "content-type": "text/event-stream" } });
  const client = new HuggingFace({ apiKey: "hf_key", baseURL: "http://127.0.0.1:9/v1", fetch });
  return client.chat.completions.create({ model: "org/model", messages: [{ role: "user", content: "hi" }], stream: true });
}

// Whole events in network chunks of a given size, made when they are needed.
function* manyEvents(count) {
  const words = ["a ", "word ", "another ", "yes "].map((word) => event(word));
  let part = [];
  let size = 0;
  for (let index = 0; index < count; index++) {
    const bytes = words[index % words.length];
    part.push(bytes);
    size += bytes.length;
    if (size >= NETWORK_CHUNK || index === count - 1) {
      yield Buffer.concat(part);
      [part, size] = [[], 0];
    }
  }
  yield* ending;
}

const cpu = () => {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) * 1000;
};
const wasm = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) / MIB;
async function heap() {
  await turn();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / MIB;
}
const report = (workload, figures) => console.log(JSON.stringify({ kind: "linear", library: "hfetch", workload, ...figures }));

async function long(count) {
  const stream = await open(manyEvents(count));
  const tenth = Math.floor(count / 10);
  let seen = 0;
  let start = cpu();
  for await (const chunk of stream) {
    if (chunk.choices[0].delta.content === undefined) throw new Error("a chunk without content");
    if (++seen % tenth !== 0 && seen !== Math.floor(count / 100)) continue;
    const spent = cpu() - start;
    report(`events to ${seen}`, { ns: seen % tenth === 0 ? spent / tenth : null, heapMiB: await heap(), wasmMiB: wasm() });
    if (seen % tenth === 0) start = cpu();
  }
}

async function giant() {
  const text = "x".repeat(16 * MIB - 1024);
  const bytes = event(text);
  const parts = Array.from({ length: Math.ceil(bytes.length / NETWORK_CHUNK) }, (_, at) => bytes.subarray(at * NETWORK_CHUNK, (at + 1) * NETWORK_CHUNK));
  const start = cpu();
  let length = 0;
  for await (const chunk of await open([...parts, ...ending])) length += chunk.choices[0].delta.content.length;
  if (length !== text.length) throw new Error(`${length} characters of ${text.length}`);
  report("one event of 16 MiB", { ns: cpu() - start, heapMiB: await heap(), wasmMiB: wasm() });
}

async function concurrent(streams) {
  const start = cpu();
  const read = async () => {
    let seen = 0;
    for await (const _ of await open(manyEvents(200))) seen++;
    return seen;
  };
  const counts = await Promise.all(Array.from({ length: streams }, read));
  if (counts.some((count) => count !== 201)) throw new Error("a stream is not whole");
  report(`${streams} streams at once`, { ns: (cpu() - start) / (streams * 201), heapMiB: await heap(), wasmMiB: wasm() });
}

await long(EVENTS);
await concurrent(1000);
await giant();
