// Embeddings in every documented form, and the catalogue.
import { scenario } from "./setting.mjs";

const MODEL = "BAAI/bge-small-en-v1.5";
const near = (a, b) => a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) < 1e-6);
const row = (scale) => Array.from({ length: 8 }, (_, i) => Math.fround(Number((Math.sin((i + 1) * scale) * 0.1).toFixed(8))));
const rows = [1, 2, 3].map(row);
const mean = (list) => list[0].map((_, i) => list.reduce((sum, one) => sum + one[i], 0) / list.length);

const shape = (fixture, inputs, expected) =>
  scenario(`embeddings: ${fixture}`, async ({ client, script, assert }) => {
    await script({ fixture });
    const { object, data, model, usage } = await client().embeddings.create({ model: MODEL, input: inputs });
    assert.equal(object, "list");
    assert.equal(model.length > 0, true);
    assert.deepEqual(data.map(({ object, index }) => [object, index]), expected.map((_, index) => ["embedding", index]));
    for (const [i, { embedding }] of data.entries()) {
      assert.ok(embedding instanceof Float32Array);
      assert.ok(near([...embedding], expected[i]), `row ${i}: ${embedding}`);
    }
    assert.ok(usage.prompt_tokens > 0 && ["reported", "estimated"].includes(usage.source));
  });

export const embedding = [
  shape("embedding-flat.json", "one", [rows[0]]),
  shape("embedding-rows.json", ["a", "b", "c"], rows),
  shape("embedding-tokens.json", ["one"], [mean(rows)]),
  shape("embedding-tokens-batch.json", ["a", "b"], [mean(rows), mean(rows.slice(0, 2))]),
  shape("embedding-list.json", ["a", "b", "c"], rows),
  shape("embedding-base64.json", ["a", "b", "c"], rows),
  shape("embedding-exponents.json", "one", [[1, -2.5e-3, 300, 0, -0, Math.fround(1e-45), Math.fround(3.4028235e38), 16777216]]),

  scenario("embeddings: numbers and base64 on request", async ({ client, assert }) => {
    const hf = client();
    const input = ["to be", "or not"];
    const [plain, float, base64] = [
      await hf.embeddings.create({ model: MODEL, input, dimensions: 16 }),
      await hf.embeddings.create({ model: MODEL, input, dimensions: 16, encoding_format: "float" }),
      await hf.embeddings.create({ model: MODEL, input, dimensions: 16, encoding_format: "base64" }),
    ];
    for (const i of [0, 1]) {
      const numbers = float.data[i].embedding;
      assert.ok(Array.isArray(numbers) && numbers.length === 16);
      assert.ok(near([...plain.data[i].embedding], numbers));
      const bytes = Uint8Array.from(atob(base64.data[i].embedding), (letter) => letter.charCodeAt(0));
      assert.deepEqual([...new Float32Array(bytes.buffer)], [...plain.data[i].embedding]);
    }
  }),

  scenario("embeddings: 70 inputs go in three batches and come back in order", async ({ client, script, stats, assert }) => {
    await script({ stallBeforeHeaders: 30 }, {}, {});
    const input = Array.from({ length: 70 }, (_, i) => `text number ${i}`);
    const { data, usage } = await client().embeddings.create({ model: MODEL, input, user: "u", dimensions: 8 });
    assert.deepEqual(data.map(({ index }) => index), input.map((_, i) => i));
    const alone = await client().embeddings.create({ model: MODEL, input: [input[69]], dimensions: 8 });
    assert.deepEqual([...data[69].embedding], [...alone.data[0].embedding]);
    const { bodies } = await stats();
    assert.deepEqual(bodies.slice(0, 3).map((body) => body.input.length).sort((a, b) => a - b), [6, 32, 32]);
    assert.equal(bodies[0].user, "u");
    assert.ok(usage.prompt_tokens >= 70 && usage.source === "reported");
  }),

  scenario("embeddings: at most four requests at once, as many as asked for", async ({ client, script, stats, assert }) => {
    const input = ["a", "b", "c", "d", "e", "f"];
    await script({ stallBeforeHeaders: true, times: 6 });
    const abort = new AbortController();
    const stalled = client({ embeddings: { batchSize: 1 } }).embeddings.create({ model: MODEL, input }, { signal: abort.signal });
    stalled.catch(() => {});
    assert.ok(!(await stats("open:4")).timedOut, "four are open");
    abort.abort();
    await stalled.settled;
    await script({ stallBeforeHeaders: 15, times: 6 });
    await client({ embeddings: { batchSize: 1 } }).embeddings.create({ model: MODEL, input, dimensions: 4 });
    assert.ok((await stats()).peak <= 4, "and no fifth");
    await script({ stallBeforeHeaders: 15, times: 4 });
    await client({ embeddings: { batchSize: 2, concurrency: 1 } }).embeddings.create({ model: MODEL, input: ["a", "b", "c"], dimensions: 4 });
    assert.deepEqual([(await stats()).peak, (await stats()).requests], [1, 2]);
  }),

  scenario("embeddings: a failed batch fails the call and names its inputs", async ({ client, script, closed, hfetch, assert }) => {
    await script({}, { status: 422, json: { error: "Input validation error", error_type: "Validation" } });
    const pending = client({ embeddings: { batchSize: 2, concurrency: 1 } }).embeddings.create({ model: MODEL, input: ["a", "b", "c", "d"] });
    const error = await assert.rejects(pending, hfetch.UnprocessableEntityError);
    assert.match(error.message, /2.{1,5}3/);
    const { kind, outcome, attempts } = await pending.settled;
    assert.deepEqual([kind, outcome, attempts], ["embeddings", "error", 2]);
    await closed();
  }),

  scenario("embeddings: abort stops all requests", async ({ client, script, stats, closed, hfetch, assert }) => {
    await script({ stallBeforeHeaders: true, times: 3 });
    const abort = new AbortController();
    const pending = client({ embeddings: { batchSize: 1 } }).embeddings.create({ model: MODEL, input: ["a", "b", "c"] }, { signal: abort.signal });
    await stats("requests:3");
    abort.abort();
    await assert.rejects(pending, hfetch.APIUserAbortError);
    assert.equal((await closed()).disconnected, 3);
  }),

  scenario("embeddings on the router: feature-extraction, or the named provider's own route", async ({ routerClient, stats, hfetch, assert }) => {
    const hf = routerClient();
    const flat = await hf.embeddings.create({ model: "sentence-transformers/all-MiniLM-L6-v2", input: "one text", normalize: true });
    assert.deepEqual([flat.data.length, flat.data[0].embedding.length], [1, 384]);
    const pooled = await hf.embeddings.create({ model: "facebook/bart-base", input: ["two words", "and three words"] });
    assert.deepEqual(pooled.data.map(({ embedding }) => embedding.length), [384, 384]);
    for (const provider of ["deepinfra", "together", "scaleway"]) await hf.embeddings.create({ model: `${MODEL}:${provider}`, input: "x" });
    const { paths, bodies } = await stats();
    assert.deepEqual(paths, [
      "POST /hf-inference/models/sentence-transformers/all-MiniLM-L6-v2/pipeline/feature-extraction",
      "POST /hf-inference/models/facebook/bart-base/pipeline/feature-extraction",
      "POST /deepinfra/v1/openai/embeddings",
      "POST /together/v1/embeddings",
      "POST /scaleway/v1/embeddings",
    ]);
    assert.deepEqual([bodies[0].inputs, bodies[0].normalize], ["one text", true]);
    assert.deepEqual([bodies[2].model, bodies[2].input], [MODEL, "x"]);
    await assert.rejects(async () => hf.embeddings.create({ model: `${MODEL}:groq`, input: "x" }), hfetch.ConfigError);
  }),

  scenario("models: the catalogue with prices, and one of it", async ({ client, assert }) => {
    const hf = client();
    const list = await hf.models.list();
    assert.ok(list.length > 20);
    const llama = list.find(({ id }) => id === "meta-llama/Llama-3.1-8B-Instruct");
    const novita = llama.providers.find(({ provider }) => provider === "novita");
    assert.deepEqual([novita.status, novita.contextLength, novita.pricing, novita.supportsTools, novita.firstTokenLatencyMs, novita.throughput], [
      "live", 16384, { inputPerMillion: 0.02, outputPerMillion: 0.05 }, true, 480, 92.4,
    ]);
    assert.equal(llama.providers.find(({ provider }) => provider === "featherless-ai").pricing, undefined);
    assert.deepEqual(await hf.models.retrieve("meta-llama/Llama-3.1-8B-Instruct"), llama);
  }),

  scenario("models: an unknown one is NotFoundError", async ({ client, hfetch, assert }) => {
    await assert.rejects(client({ retry: false }).models.retrieve("no/such"), hfetch.NotFoundError);
  }),

  scenario("MODELS is the provider page's list", ({ hfetch, assert }) => {
    const count = (name) => hfetch.MODELS.filter(({ group }) => group === name).length;
    assert.deepEqual([count("text-generation"), count("large"), count("instruct")], [5, 3, 2]);
    assert.equal(hfetch.MODELS.length, 10);
    assert.ok(hfetch.MODELS.some(({ id, group }) => id === "meta-llama/Llama-3.1-8B-Instruct" && group === "instruct"));
  }),
];
