// How much memory streams hold and leave behind, measured in a process of its own: memory.mjs <the package's folder>. Prints one line of JSON.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");
// Runs before the package is loaded.
const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(...given) {
    super(...given);
    memories.push(...Object.values(this.exports).filter((value) => value instanceof WebAssembly.Memory));
  }
};
const load = (name) => import(pathToFileURL(join(process.argv[2], "dist", name)));
const { HuggingFace } = await load("index.js");
const { gateway } = await load("gateway.js");

const STREAMS = 128;
const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
const MESSAGES = [{ role: "user", content: "Name three rivers." }];
const encoder = new TextEncoder();
const event = (chunk) => `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", created: 1, model: MODEL, ...chunk })}\n\n`;
const delta = (index, delta, more) => event({ choices: [{ index, delta, finish_reason: null, ...more }] });
const FINISH = [0, 1, 2, 3].map((index) => event({ choices: [{ index, delta: {}, finish_reason: "stop" }] })).join("");
const END = `${FINISH}data: [DONE]\n\n`;

const token = (at) => ({ token: `word${at}`, logprob: -at - 0.123456, bytes: [119, 111, 114, 100] });
const logprobs = { content: [{ ...token(0), top_logprobs: Array.from({ length: 20 }, (_, at) => token(at)) }] };
const call = (index, at) => ({ tool_calls: [{ index: at, id: `call_${at}`, type: "function", function: { name: "look_up", arguments: `{"place":"${index}` } }] });

/** Kinds of streams that a caller may ask for, each as the text of its network chunk number `at`. */
const KINDS = {
  "logprobs of 20 tokens, n of 4": () => [0, 1, 2, 3].map((index) => delta(index, { content: "word " }, { logprobs })).join(""),
  "tool calls": (at) => [0, 1, 2, 3].map((index) => delta(index, call(index, at))).join(""),
  "n of 128": (at) => Array.from({ length: 16 }, (_, some) => delta((at * 16 + some) % 128, { content: "word " })).join(""),
  reasoning: (at) => delta(0, { reasoning: `thought ${at} ` }).repeat(20),
  "an event of all choices, n of 128 with logprobs, not yet whole": (at) => ALL_CHOICES.slice(at * PIECE, (at + 1) * PIECE),
  "comments that no event follows": () => ": waiting\n".repeat(900),
};

const ALL_CHOICES = event({ choices: Array.from({ length: 128 }, (_, index) => ({ index, delta: { content: "word ".repeat(40) }, logprobs, finish_reason: null })) }).trimEnd();
const PIECE = Math.ceil(ALL_CHOICES.length / 200);

/** A body of so many network chunks and then, when `last` allows it, `END`. */
function body(chunk, count, last, cancel) {
  let at = 0;
  const pull = async (controller) => {
    if (at < count) return controller.enqueue(encoder.encode(chunk(at++)));
    await last();
    controller.enqueue(encoder.encode(`\n\n${END}`));
    controller.close();
  };
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}

const response = (stream) => new Response(stream, { headers: { "content-type": "text/event-stream" } });
const wasm = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);

/** The bytes in use: in the heap, outside of it, and the module's part of those. */
async function used() {
  for (let round = 0; round < 3; round++) {
    await pause(1);
    gc();
  }
  const { heapUsed, external } = process.memoryUsage();
  return { bytes: heapUsed + external, wasm: wasm() };
}

/** 128 simultaneous streams through a gateway, measured when all but the last chunk of each has arrived, since they hold most then. */
async function streams(chunk, count) {
  const service = gateway({ apiKeys: ["hf_of_the_operator"], clientKeys: ["a-key-of-this-gateway"] });
  const [there, goOn] = [signal(), signal()];
  let waiting = 0;
  const waits = () => ++waiting === STREAMS && there.tell();
  const last = () => (waits(), goOn.told);
  globalThis.fetch = async () => response(body(chunk, count, last, waits));
  const readers = [];
  for (let at = 0; at < STREAMS; at++) {
    const request = new Request("http://gateway.test/v1/chat/completions", {
      method: "POST", headers: { authorization: "Bearer a-key-of-this-gateway" }, body: JSON.stringify({ model: MODEL, messages: MESSAGES, stream: true }),
    });
    const { body: stream, status } = await service.fetch(request, {}, {});
    if (status !== 200) throw new Error(`the gateway answered ${status}`);
    readers.push(stream.getReader());
  }
  const reads = readers.map(async (reader) => {
    while (!(await reader.read()).done);
  });
  await there.told;
  const held = await used();
  goOn.tell();
  await Promise.all(reads);
  const each = Array.from({ length: count }, (_, at) => chunk(at).length).reduce((sum, length) => sum + length);
  return { ...held, each };
}

function signal() {
  let tell;
  const told = new Promise((resolve) => (tell = resolve));
  return { told, tell };
}

/** The memory that a client's stream with about so many bytes of text leaves behind: read by chunks, or with final(). */
async function large(bytes, folded) {
  const piece = encoder.encode(delta(0, { content: "word ".repeat(200) }).repeat(16));
  const hf = new HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", retry: false, fetch: async () => response(repeated(piece, Math.ceil(bytes / 16_000))) });
  const pending = hf.chat.completions.create({ model: MODEL, messages: MESSAGES, stream: true });
  const ended = await pending.then(async (stream) => {
    if (folded) await stream.final();
    else for await (const _ of stream);
    return "ok";
  }).catch(({ name, message }) => `${name}: ${message}`);
  return { ended, wasm: wasm() };
}

function repeated(piece, count) {
  let at = 0;
  const pull = (controller) => {
    controller.enqueue(at < count ? piece : encoder.encode(END));
    if (at++ === count) controller.close();
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}

const log = console.log;
console.log = () => {};
// The code that the first streams load and compile belongs to no stream.
await streams(KINDS.reasoning, 2);
const before = await used();
const kinds = {};
for (const [kind, chunk] of Object.entries(KINDS)) {
  const { bytes, each, wasm: module } = await streams(chunk, 200);
  kinds[kind] = { streams: STREAMS, each, held: bytes - before.bytes, wasm: module };
}
const growth = [];
for (const [size, folded] of [[10e6, false], [60e6, false], [60e6, true], [500e6, false], [500e6, true]]) growth.push({ size, folded, ...(await large(size, folded)) });
log(JSON.stringify({ kinds, growth }));
