// Routes in the installed package: the catalogue, failover, and what errors and settlements say about them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MODEL, PROMPT, failure, hfetch, scripted } from "./setting/installed.mjs";

const provider = (name, price, extra) => ({ provider: name, status: "live", pricing: { input: price, output: price }, supports_tools: true, ...extra });
const list = (providers) => ({ json: { object: "list", data: [{ id: MODEL, object: "model", architecture: { input_modalities: ["text"] }, providers }] } });
const catalogue = list([provider("dear", 3), provider("cheap", 1), provider("mute", 0, { status: "error" }), { provider: "silent", status: "live" }]);
const ask = (hf, options, body = {}) => hf.chat.completions.create({ messages: PROMPT, ...body }, options);

// The model in each request's body, recorded next to the client's own fetch.
function recording(script) {
  const models = [];
  const at = (url, init) => {
    if (init.body) models.push(JSON.parse(init.body).model);
    return fetch(url.replace("https://router.huggingface.co/v1", script.baseURL), init);
  };
  return { models, hf: (options) => new hfetch.HuggingFace({ apiKey: "hf_test", model: MODEL, fetch: at, ...options }) };
}

test("the cheapest offer is asked, and the next one at once when it fails", async () => {
  const { models, hf } = recording(scripted(catalogue, { status: 429, json: { error: "slow down" } }, {}));
  const pending = ask(hf({ pricing: "live", route: { sort: "cost", ignore: ["silent"] } }));
  await pending;
  const { provider, cost, tried, attempts, model } = await pending.settled;
  assert.deepEqual(models, [`${MODEL}:cheap`, `${MODEL}:dear`]);
  assert.deepEqual([provider, cost.source, attempts, model], ["dear", "live", 2, MODEL]);
  const [{ durationMs, ...first }] = tried;
  assert.deepEqual(first, { model: MODEL, provider: "cheap", status: 429, error: "RateLimitError" });
  assert.ok(durationMs >= 0 && tried.length === 1);
});

test("a stream goes to the next one too, before its first byte", async () => {
  const { models, hf } = recording(scripted({ status: 503, json: { error: "no" } }, {}));
  const stream = await ask(hf(), { route: { models: ["org/other"] } }, { stream: true });
  assert.ok((await stream.final()).choices[0].message.content.length > 0);
  assert.deepEqual(models, [MODEL, "org/other"]);
  assert.equal((await stream.settled).tried[0].status, 503);
});

test("an error after all candidates failed lists them, and its class is that of the last", async () => {
  const { hf } = recording(scripted({ status: 429, json: {} }, { status: 500, json: {} }));
  const pending = ask(hf({ retry: { maxAttempts: 2 } }), { route: { models: ["org/other"] } });
  const error = await failure(pending);
  assert.equal(error.name, "InternalServerError");
  assert.deepEqual(error.tried.map(({ model, status }) => [model, status]), [[MODEL, 429], ["org/other", 500]]);
  assert.deepEqual((await pending.settled).tried, error.tried);
});

test("without a route nothing is tried elsewhere, and nothing is said of it", async () => {
  const { hf } = recording(scripted({ status: 500, json: {} }));
  const pending = ask(hf({ retry: false }));
  assert.equal("tried" in (await failure(pending)), false);
  assert.deepEqual((await pending.settled).tried, []);
});

test("parallel calls read the catalogue once, and later ones for ten minutes not at all", async () => {
  const script = scripted(catalogue, ...Array(6).fill({}));
  const { hf } = recording(script);
  const client = hf({ route: { sort: "cost" } });
  await Promise.all([1, 2, 3, 4].map(() => ask(client)));
  await ask(client);
  const { paths } = await script.stats();
  assert.equal(paths.filter((path) => path === "GET /v1/models").length, 1);
});

test("no offer fits: a ConfigError that names the condition, and nothing but the catalogue was asked", async () => {
  const script = scripted(catalogue);
  const { hf } = recording(script);
  const pending = ask(hf(), { route: { only: ["cheap", "dear"], maxPrice: { inputPerMillion: 0.5 } } });
  const error = await failure(pending);
  assert.deepEqual([error.name, error.path], ["ConfigError", "route.maxPrice"]);
  assert.match(error.message, /only rules out 1, maxPrice rules out 2/);
  assert.match(error.hint, /models\.offers/);
  assert.deepEqual((await script.stats()).paths, ["GET /v1/models"]);
  assert.equal((await pending.settled).outcome, "error");
});

test("offers() gives every offer in order, with what rules it out", async () => {
  const script = scripted(catalogue);
  const client = recording(script).hf();
  const offers = await client.models.offers(MODEL, { sort: "cost", has: ["tools"] });
  assert.deepEqual(offers.map(({ provider, leftOut, rests }) => [provider, leftOut, rests]), [
    ["cheap", null, false], ["dear", null, false], ["mute", "status", false], ["silent", "has", false],
  ]);
  assert.deepEqual(offers[0], {
    model: `${MODEL}:cheap`, provider: "cheap", status: "live", pricing: { inputPerMillion: 1, outputPerMillion: 1 }, supportsTools: true, leftOut: null, rests: false,
  });
  assert.equal((await failure(client.models.offers("no/such"))).path, "model");
  assert.equal((await failure(client.models.offers(MODEL, { sort: "best" }))).path, "route.sort");
  assert.equal((await failure(client.models.offers(""))).path, "model");
  assert.deepEqual((await script.stats()).paths, ["GET /v1/models"]);
});

test("offers() without a catalogue is a connection error", async () => {
  const client = recording(scripted({ status: 400, json: {} })).hf({ retry: false });
  assert.equal((await failure(client.models.offers(MODEL))).name, "APIConnectionError");
});

test("a conversation stays with the provider that answered it", async () => {
  const { models, hf } = recording(scripted({ headers: { "x-inference-provider": "novita" } }, {}));
  const client = hf();
  for (const _ of [1, 2]) await ask(client, { route: { sticky: "a" } });
  assert.deepEqual(models, [MODEL, `${MODEL}:novita`]);
});

test("bad routes are refused by their path before anything is sent", async () => {
  assert.throws(() => new hfetch.HuggingFace({ apiKey: "k", route: { sort: "x" } }), ({ path }) => path === "route.sort");
  assert.throws(() => new hfetch.HuggingFace({ baseURL: "http://localhost:1/v1", route: { sort: "cost" } }), ({ path }) => path === "route.sort");
  const script = scripted();
  assert.equal((await failure(ask(script.client(), { route: { only: ["x"] } }))).path, "route.only");
  assert.equal((await script.stats()).paths?.length ?? 0, 0);
});

test("embeddings go to the next model", async () => {
  const script = scripted({ status: 503, json: {} }, {});
  const pending = script.client().embeddings.create({ input: ["a", "b"] }, { route: { models: ["org/other"] } });
  assert.equal((await pending).data.length, 2);
  assert.deepEqual((await pending.settled).tried.map(({ status }) => status), [503]);
});

test("a reported cost wins, and cached and reasoning tokens are kept", async () => {
  const message = { role: "assistant", content: "Hello" };
  const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12, cost: 0.25, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 2 } };
  const step = { json: { id: "1", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message, finish_reason: "stop" }], usage } };
  const pending = ask(scripted(step).client({ pricing: { inputPerMillion: 1, outputPerMillion: 1 } }));
  await pending;
  const settled = await pending.settled;
  assert.deepEqual(settled.cost, { usd: 0.25, inputUsd: null, outputUsd: null, source: "reported" });
  assert.deepEqual([settled.usage.prompt_tokens_details, settled.usage.completion_tokens_details], [{ cached_tokens: 4 }, { reasoning_tokens: 2 }]);
});

test("a provider that fails is passed over by every call that says so", async () => {
  const script = scripted();
  const headers = { "x-endpoint-step": JSON.stringify({ failing: { novita: 429, cerebras: 503 } }) };
  const pending = ask(script.atRouter({ route: { sort: "cost", ignore: ["featherless-ai"] } }), { headers });
  await pending;
  const { provider, tried } = await pending.settled;
  assert.equal(provider, "scaleway");
  assert.deepEqual(tried.map(({ provider, status }) => [provider, status]), [["novita", 429], ["cerebras", 503]]);
});
