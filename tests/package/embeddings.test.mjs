// Embeddings beyond the scenarios: wrong answers, batches by bytes, token ids, exact numbers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { generator } from "../endpoint/delivery.mjs";
import { failure, hfetch, scripted } from "./setting/installed.mjs";

const EMBEDDER = "BAAI/bge-small-en-v1.5";
const embed = (hf, body, options) => hf.embeddings.create({ model: EMBEDDER, ...body }, options);
const list = (rows, usage = { prompt_tokens: 3, total_tokens: 3 }) => ({ object: "list", data: rows.map((embedding, index) => ({ object: "embedding", index, embedding })), model: "m", usage });

/** Answers that are not what was requested; each becomes an error that says so. */
const WRONG = [
  ["fewer rows than inputs", list([[1, 2]]), ["a", "b"]],
  ["more rows than inputs", list([[1], [2], [3]]), ["a", "b"]],
  ["rows of different length", list([[1, 2], [1]]), ["a", "b"]],
  ["an index twice", { ...list([[1], [2]]), data: [{ index: 0, embedding: [1] }, { index: 0, embedding: [2] }] }, ["a", "b"]],
  ["an index out of range", { ...list([[1]]), data: [{ index: 5, embedding: [1] }] }, ["a"]],
  ["a string among numbers", [[1, "2"]], ["a"]],
  ["null among numbers", [[1, null]], ["a"]],
  ["an empty list", [], ["a"]],
  ["an empty row", [[]], ["a"]],
  ["an error with status 200", { error: "Model is loading" }, ["a"]],
  ["bad base64", list(["*not*base64*"]), ["a"]],
  ["base64 of three bytes", list(["AAAA"]), ["a"]],
  ["a number", 7, ["a"]],
  ["too deep", [[[[1]]]], ["a"]],
];
for (const [name, json, input] of WRONG) {
  test(`wrong answer: ${name}`, async () => {
    const script = scripted({ json });
    const pending = embed(script.client({ retry: false }), { input });
    const error = await failure(pending);
    assert.ok(error instanceof hfetch.APIError, String(error));
    assert.ok(error.message.length > 15, error.message);
    assert.equal((await pending.settled).outcome, "error");
    await script.closed();
  });
}

test("answers that are no JSON at all, or only the beginning of it", async () => {
  for (const text of ["", "<html></html>", '{"object":"list","data":[{"index":0,"embedding":[0.1,', "[[0.1, 0.2]", "[[0.1,]]", "[[01]]"]) {
    const error = await failure(embed(scripted({ text, contentType: "application/json" }).client({ retry: false }), { input: "a" }));
    assert.ok(error instanceof hfetch.APIError, `${text}: ${error}`);
  }
});

test("every number is the nearest f32", async () => {
  const random = generator(7);
  const texts = ["1e-45", "7.006492321624085e-46", "7.006492321624086e-46", "3.4028234663852886e38", "16777217", "0.1", "-0.0", "5e-324", "1.00000005960464477539062", "1.00000005960464477539063", "1.17549429e-38", "123456789012345678901234567890e-10"];
  while (texts.length < 400) texts.push(`${random() < 0.5 ? "-" : ""}${(random() * 10 ** Math.floor(random() * 12 - 6)).toPrecision(1 + Math.floor(random() * 17))}`);
  const { client } = scripted({ text: `[[${texts.join(",")}]]`, contentType: "application/json" });
  const { data } = await embed(client(), { input: "a" });
  for (const [i, text] of texts.entries()) {
    // Rounding twice (f64, then f32) is exact except near half-way points, whose results are written by hand.
    const expected = { "1.00000005960464477539062": 1, "1.00000005960464477539063": 1.0000001192092896, "7.006492321624086e-46": 1.401298464324817e-45 }[text] ?? Math.fround(Number(text));
    assert.ok(Object.is(data[0].embedding[i], expected), `${text}: ${data[0].embedding[i]} instead of ${expected}`);
  }
});

test("rows are one allocation's views, and share no memory between calls", async () => {
  const { client } = scripted();
  const hf = client();
  const [first, second] = [await embed(hf, { input: ["a", "b"], dimensions: 8 }), await embed(hf, { input: ["a", "b"], dimensions: 8 })];
  first.data[0].embedding.fill(9);
  assert.notEqual(second.data[0].embedding[0], 9);
  assert.notEqual(first.data[1].embedding[0], 9);
});

test("batches are split by bytes too: a payload never passes 2,000,000 bytes", async () => {
  const script = scripted();
  const input = Array.from({ length: 6 }, (_, i) => `${i} ${"ü".repeat(350_000)}`);
  const { data } = await embed(script.client(), { input, dimensions: 4 });
  assert.equal(data.length, 6);
  const { headers, requests } = await script.stats();
  assert.ok(requests >= 3);
  for (const header of headers) assert.ok(Number(header["content-length"]) <= 2_000_000, header["content-length"]);
});

test("one input that is too large alone: the 413 is explained", async () => {
  const error = await failure(embed(scripted().client(), { input: "x".repeat(2_100_000) }));
  assert.equal(error.name, "UnprocessableEntityError");
  assert.match(error.message, /too large|size|limit|bytes/i);
});

test("token ids go where the route takes them, elsewhere they are a ConfigError", async () => {
  const script = scripted();
  const hf = script.client();
  assert.equal((await embed(hf, { input: [1, 2, 3], dimensions: 4 })).data.length, 1);
  assert.equal((await embed(hf, { input: [[1, 2], [3]], dimensions: 4 })).data.length, 2);
  assert.deepEqual((await script.stats()).bodies.map(({ input }) => input), [[1, 2, 3], [[1, 2], [3]]]);
  const router = new hfetch.HuggingFace({ apiKey: "hf_x", fetch: () => assert.fail("nothing may be sent") });
  assert.equal((await failure((async () => embed(router, { input: [1, 2] }))())).name, "ConfigError");
});

const MISTAKES = [
  [{ input: undefined }, "input"], [{ input: [] }, "input"], [{ input: 5 }, "input"], [{ input: ["a", 5] }, "input[1]"],
  [{ input: "a", dimensions: 0 }, "dimensions"], [{ input: "a", dimensions: 1.5 }, "dimensions"], [{ input: "a", encoding_format: "hex" }, "encoding_format"], [{ input: "a", model: 5 }, "model"],
];
for (const [body, path] of MISTAKES.filter(([, at]) => at !== null)) {
  test(`mistake: ${path} ${JSON.stringify(body)}`, async () => {
    const script = scripted();
    const error = await failure((async () => embed(script.client(), body))());
    assert.deepEqual([error.name, error.path], ["ConfigError", path]);
    assert.equal((await script.stats()).requests, 0);
  });
}

test("usage is the sum of the batches; without any it is estimated and says so", async () => {
  const reported = await embed(scripted().client({ embeddings: { batchSize: 1 } }), { input: ["a", "b"], dimensions: 4 });
  assert.deepEqual([reported.usage.prompt_tokens, reported.usage.source], [8, "reported"]);
  const { client } = scripted({ json: [[1, 2]] });
  const pending = embed(client(), { input: "some words here" });
  const { usage } = await pending;
  assert.ok(usage.prompt_tokens >= 3 && usage.source === "estimated");
  const settlement = await pending.settled;
  assert.deepEqual([settlement.usage.prompt_tokens, settlement.usage.completion_tokens, settlement.kind, settlement.model], [usage.prompt_tokens, 0, "embeddings", EMBEDDER]);
});

test("a batch is tried again like any request, and the tries are counted", async () => {
  const script = scripted({ status: 503 }, {}, {});
  const pending = embed(script.client({ retry: { baseDelay: 1 }, embeddings: { batchSize: 1, concurrency: 1 } }), { input: ["a", "b"], dimensions: 4 });
  assert.equal((await pending).data.length, 2);
  assert.equal((await pending.settled).attempts, 3);
});

test("limits see each batch as a request", async () => {
  const script = scripted();
  const hf = script.client({ limits: { requestsPerMinute: 2, onLimit: "error" }, embeddings: { batchSize: 1 } });
  assert.equal((await failure(embed(hf, { input: ["a", "b", "c"], dimensions: 4 }))).name, "LimitExceededError");
  assert.equal(hf.snapshot().inFlight, 0);
  await script.closed();
});

test("a failed batch stops the others", async () => {
  const script = scripted({ status: 400 }, { stallBeforeHeaders: true, times: 3 });
  await failure(embed(script.client({ retry: false, embeddings: { batchSize: 1 } }), { input: ["a", "b", "c", "d", "e", "f"] }));
  const { requests, disconnected } = await script.closed();
  assert.ok(requests <= 4 && disconnected === requests - 1, JSON.stringify({ requests, disconnected }));
});

test("withResponse gives the rows and the response", async () => {
  const { data, response } = await embed(scripted().client(), { input: "a", dimensions: 4 }).withResponse();
  assert.deepEqual([data.data.length, response.status], [1, 200]);
});

test("asked for as float, numbers keep the digits of the wire", async () => {
  const rows = [[0.020964134, -1.5e-7], [0.1, 2]];
  const list = { object: "list", model: "m", data: [{ object: "embedding", index: 1, embedding: rows[1] }, { object: "embedding", index: 0, embedding: rows[0] }] };
  for (const json of [list, rows]) {
    const { data } = await embed(scripted({ json }).client(), { input: ["a", "b"], encoding_format: "float" });
    assert.deepEqual(data.map(({ embedding }) => embedding), rows);
  }
  const { data } = await embed(scripted({ json: rows[0] }).client(), { input: "a", encoding_format: "float" });
  assert.deepEqual(data[0].embedding, rows[0]);
  const pooled = await embed(scripted({ json: [[[1, 2], [3, 4]]] }).client(), { input: "a", encoding_format: "float" });
  assert.deepEqual(pooled.data[0].embedding, [2, 3]);
});
