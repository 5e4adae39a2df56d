// The live catalogue, and prices taken from it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MODEL, PROMPT, failure, hfetch, scripted } from "./setting/installed.mjs";

const model = (id, providers) => ({ id, object: "model", created: 1, owned_by: id.split("/")[0], architecture: { input_modalities: ["text"], output_modalities: ["text"] }, providers });
const ask = (hf, body = {}) => hf.chat.completions.create({ messages: PROMPT, ...body });

async function settled(pending) {
  await pending;
  return pending.settled;
}

test("list and retrieve need no key and keep every documented field", async () => {
  const script = scripted();
  const hf = new hfetch.HuggingFace({ baseURL: script.baseURL });
  const list = await hf.models.list();
  const glm = list.find(({ id }) => id === "zai-org/GLM-4.6");
  assert.deepEqual(glm.providers[0], {
    provider: "zai-org", status: "live", contextLength: 200000, pricing: { inputPerMillion: 0.6, outputPerMillion: 2.2 }, supportsTools: true, supportsStructuredOutput: true, firstTokenLatencyMs: 900, throughput: 62.1,
  });
  assert.equal((await hf.models.retrieve("zai-org/GLM-4.6")).id, "zai-org/GLM-4.6");
  assert.deepEqual((await script.stats()).paths, ["GET /v1/models", "GET /v1/models/zai-org/GLM-4.6"]);
});

test("offers that tell nothing have no price: unknown is not free", async () => {
  const { client } = scripted({ json: { object: "list", data: [model("a/b", [{ provider: "p", status: "live", is_model_author: false }, { provider: "q", status: "staging", is_free: true, pricing: { input: 0, output: 0 } }])] } });
  const [{ providers }] = await client().models.list();
  assert.equal(providers[0].pricing, undefined);
  assert.deepEqual([providers[1].status, providers[1].isFree, providers[1].pricing], ["staging", true, { inputPerMillion: 0, outputPerMillion: 0 }]);
});

test("odd fields and unknown ones break nothing", async () => {
  const data = [model("a/b", [{ provider: "p", status: "live", pricing: { input: "0.1", output: null }, context_length: "many", throughput: null, new_field: { x: 1 } }]), { id: "c/d" }, model("e/f", [])];
  const list = await scripted({ json: { object: "list", data } }).client().models.list();
  assert.deepEqual(list.map(({ id }) => id), ["a/b", "c/d", "e/f"]);
  assert.deepEqual([list[0].providers[0].pricing, list[0].providers[0].contextLength, list[1].providers], [undefined, undefined, []]);
});

test("TGI's list, which has no providers, is a list too", async () => {
  const json = { object: "list", data: [{ id: "tgi", object: "model", created: 0, owned_by: "x" }] };
  assert.deepEqual((await scripted({ json }).client().models.list())[0].providers, []);
});

test("a catalogue that is no catalogue is an error that says so", async () => {
  for (const step of [{ text: "<html></html>", contentType: "text/html" }, { json: { error: "no" } }, { json: [] }, { text: '{"object":"list","data":[' }]) {
    const error = await failure(scripted(step).client({ retry: false }).models.list());
    assert.ok(error instanceof hfetch.APIError, `${JSON.stringify(step)}: ${error}`);
  }
});

test("models are tried again, timed and aborted like other requests", async () => {
  const again = scripted({ status: 503 }, {});
  assert.ok((await again.client({ retry: { baseDelay: 1 } }).models.list()).length > 0);
  const slow = scripted({ stallBeforeHeaders: true });
  assert.equal((await failure(slow.client({ retry: false }).models.list({ timeout: { connect: 40 } }))).name, "APIConnectionTimeoutError");
  const abort = new AbortController();
  const stalled = scripted({ stallAfter: 100 });
  const pending = stalled.client().models.list({ signal: abort.signal });
  await stalled.stats("bytes:100");
  abort.abort("why");
  assert.equal((await failure(pending)).cause, "why");
  await Promise.all([slow.closed(), stalled.closed()]);
});

test("live prices: one catalogue for many calls", async () => {
  const script = scripted();
  const hf = script.client({ pricing: "live" });
  await Promise.all([ask(hf), ask(hf), ask(hf)]);
  await ask(hf);
  const { paths } = await script.stats();
  assert.equal(paths.filter((path) => path === "GET /v1/models").length, 1);
});

test("live prices: the provider that answered, else the dearest offer; no price is unknown", async () => {
  const offers = [{ provider: "novita", status: "live", pricing: { input: 1, output: 2 } }, { provider: "dear", status: "live", pricing: { input: 5, output: 9 } }, { provider: "dead", status: "error", pricing: { input: 99, output: 99 } }, { provider: "mute", status: "live" }];
  const catalogue = { json: { object: "list", data: [model(MODEL, offers)] } };
  const answer = { json: { id: "x", object: "chat.completion", choices: [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }], usage: { prompt_tokens: 1000, completion_tokens: 1000, total_tokens: 2000 } } };
  const cases = [
    [{ "x-inference-provider": "novita" }, MODEL, 0.003, "live", "novita"],
    [{ "x-inference-provider": "novita" }, `${MODEL}:dear`, 0.014, "live", "dear"],
    [{}, MODEL, 0.014, "live-max", null],
    [{}, `${MODEL}:cheapest`, 0.003, "live", null],
    [{ "x-inference-provider": "mute" }, MODEL, null, "unknown", "mute"],
    [{}, "not/listed", null, "unknown", null],
  ];
  for (const [headers, name, usd, source, provider] of cases) {
    const { client } = scripted(catalogue, { ...answer, headers });
    const one = await settled(ask(client({ pricing: "live" }), { model: name }));
    assert.deepEqual([one.cost.source, one.provider], [source, provider], name);
    assert.ok(usd === null ? one.cost.usd === null : Math.abs(one.cost.usd - usd) < 1e-12, `${name}: ${one.cost.usd}`);
  }
});

test("a catalogue that can't be had leaves the price unknown and the answer whole", async () => {
  const { client } = scripted({ status: 400 }, {});
  const { cost, outcome } = await settled(ask(client({ pricing: "live", retry: false })));
  assert.deepEqual([cost.usd, cost.source, outcome], [null, "unknown", "ok"]);
});

test("a provider is said where it is known: at the router, by the answer, by the server's own catalogue", async () => {
  const answer = { choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } };
  const provider = async (name, baseURL, headers = {}, pricing = undefined) => {
    const fetch = async () => Response.json(answer, { headers });
    const hf = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL, fetch, pricing });
    const { provider, cost } = await settled(ask(hf, { model: name }));
    return [provider, cost.usd];
  };
  const own = "http://x.invalid/v1";
  const router = "https://router.huggingface.co/v1";
  const price = { inputPerMillion: 1, outputPerMillion: 1 };
  assert.deepEqual(await provider("llama3.1:8b", own, {}, { "llama3.1": price }), [null, null]);
  assert.deepEqual(await provider("llama3.1:8b", own, {}, { "llama3.1:8b": price }), [null, 2e-6]);
  assert.deepEqual(await provider("org/name:tag", own), [null, null]);
  assert.deepEqual(await provider("org/name:tag", own, { "x-inference-provider": "groq" }), ["groq", null]);
  assert.deepEqual(await provider("org/name:groq", router, { "x-inference-provider": "other" }, { "org/name": price }), ["groq", 2e-6]);
  assert.deepEqual(await provider("org/name:fastest", router, { "x-inference-provider": "groq" }, { "org/name": price }), ["groq", 2e-6]);
  assert.deepEqual(await provider("llama3.1:8b", router), [null, null]);
});

test("prices by model: those that are named, unknown for others", async () => {
  const hf = scripted().client({ pricing: { [MODEL]: { inputPerMillion: 1, outputPerMillion: 1 } } });
  const known = await settled(ask(hf, { model: `${MODEL}:novita` }));
  assert.ok(Math.abs(known.cost.usd - known.usage.total_tokens / 1e6) < 1e-12);
  assert.equal((await settled(ask(hf, { model: "Qwen/Qwen3-8B" }))).cost.usd, null);
});

test("live prices: what is no catalogue is not asked for again at once", async () => {
  let asked = 0;
  const answer = { choices: [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }] };
  const fetch = async (url) => (url.endsWith("/models") ? (asked += 1) && new Response("<html>") : Response.json(answer));
  const hf = scripted().client({ pricing: "live", fetch });
  for (let i = 0; i < 3; i++) assert.equal((await settled(ask(hf))).cost.source, "unknown");
  assert.equal(asked, 1);
});
