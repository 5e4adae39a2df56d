// Counts how many times a call crosses the border between JavaScript and the module. Each crossing takes time, and none should serve a decision alone. All calls of the
// module's exports and imports are counted, including allocations of strings.
import assert from "node:assert/strict";
import { before, test } from "node:test";

let counted = 0;
const RealInstance = WebAssembly.Instance;
const counting = (functions) =>
  Object.fromEntries(Object.entries(functions).map(([name, value]) => [name, typeof value === "function" ? (...given) => (counted++, value(...given)) : value]));
// A small module without imports decodes the text form of the module.
WebAssembly.Instance = function (module, imports) {
  if (imports === undefined) return new RealInstance(module);
  const wrapped = Object.fromEntries(Object.entries(imports).map(([name, functions]) => [name, counting(functions)]));
  return { exports: counting(new RealInstance(module, wrapped).exports) };
};

const { MODEL, PROMPT, hfetch } = await import("./setting/installed.mjs");

const frame = (value) => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (content, finish_reason = null) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content }, finish_reason }] });
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const STREAM = `${[chunk("Hi"), chunk(" there"), chunk("", "stop"), { ...chunk(""), choices: [], usage }].map(frame).join("")}data: [DONE]\n\n`;
const json = (value) => new Response(JSON.stringify(value), { headers: { "content-type": "application/json" } });

const answers = {
  stream: async () => new Response(STREAM, { headers: { "content-type": "text/event-stream", "x-request-id": "r" } }),
  embeddings: async () => json({ object: "list", data: [{ index: 0, embedding: [1, 2] }, { index: 1, embedding: [3, 4] }], usage }),
};
const calls = {
  async stream(hf) {
    const stream = await hf.chat.completions.create({ messages: PROMPT, stream: true });
    for await (const one of stream) assert.ok(one.id);
    await stream.settled;
  },
  embeddings: (hf, input) => hf.embeddings.create({ model: "m", input }),
};

/** The crossings of the last of several calls: the first ones start the module and decode names. */
async function crossings(kind, options, ...given) {
  const hf = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: "http://127.0.0.1:9/v1", model: MODEL, fetch: answers[kind], ...options });
  for (let warm = 0; warm < 3; warm++) await calls[kind](hf, ...given);
  counted = 0;
  await calls[kind](hf, ...given);
  return counted;
}

before(() => assert.equal(typeof hfetch.version(), "string"));

test("a streamed call crosses twelve times at most, its one network chunk among them", async () => {
  const count = await crossings("stream", {});
  assert.ok(count <= 12 && count > 4, `${count}`);
});

test("limits in memory add two at most", async () => {
  const count = await crossings("stream", { limits: { requestsPerMinute: 1e6, tokensPerMinute: 1e9, maxConcurrent: 100 } });
  assert.ok(count <= 14, `${count}`);
});

test("a further batch of embeddings crosses ten times at most", async () => {
  const options = { embeddings: { batchSize: 2 } };
  const one = await crossings("embeddings", options, ["a", "b"]);
  const two = await crossings("embeddings", options, ["a", "b", "c", "d"]);
  assert.ok(two - one <= 10 && two > one, `${one}, ${two}`);
});
