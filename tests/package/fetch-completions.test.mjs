// hf.fetch with text completions: the bytes are unchanged, there is one settlement, the end is honest, and at the router the provider's own path is used.
import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, hfetch, scripted } from "./setting/installed.mjs";

const post = (body) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
const whole = '{"id":"x", "object":"text_completion","choices":[{"index":0,"text":" Paris","finish_reason":"stop","logprobs":null}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}\n';
const event = (text, reason) => `data: {"id":"x","object":"text_completion","choices":[{"index":0,"text":${JSON.stringify(text)},"finish_reason":${JSON.stringify(reason)}}]}\n\n`;

test("whole and streamed, their bytes come back, and each is one completion in the ledger", async () => {
  const frames = [event(" Pa", ""), event("ris", "eos_token"), "data: [DONE]\n\n"];
  const { baseURL, client, stats } = scripted({ text: whole, contentType: "application/json" }, { text: frames.join(""), contentType: "text/event-stream" });
  const list = [];
  const hf = client({ onSettled: (one) => list.push(one) });
  const body = { model: "tgi/model", prompt: "The capital of France is", max_tokens: 4 };
  assert.equal(await (await hf.fetch(`${baseURL}/completions`, post(body))).text(), whole);
  assert.equal(await (await hf.fetch(`${baseURL}/completions`, post({ ...body, stream: true }))).text(), frames.join(""));
  assert.deepEqual(list.map(({ kind, outcome, finishReason }) => [kind, outcome, finishReason]), [["completion", "ok", "stop"], ["completion", "ok", "stop"]]);
  assert.equal(list[0].usage.total_tokens, 6);
  const { bodies, paths } = await stats("closed");
  assert.deepEqual(bodies.map(({ prompt }) => prompt), [body.prompt, body.prompt]);
  assert.ok(paths.every((path) => path.endsWith("/v1/completions")));
});

test("a cut stream fails the body with the typed error", async () => {
  const { baseURL, client, stats } = scripted({ text: event(" Pa", null), contentType: "text/event-stream" });
  const list = [];
  const hf = client({ onSettled: (one) => list.push(one) });
  const answer = await hf.fetch(`${baseURL}/completions`, post({ model: "org/model", prompt: "Once", stream: true }));
  const error = await failure(answer.text());
  assert.ok(error instanceof hfetch.StreamTruncatedError, String(error));
  assert.deepEqual(list.map(({ kind, outcome }) => [kind, outcome]), [["completion", "truncated"]]);
  await stats("closed");
});

test("on the router a pinned model goes to its provider's own route, and one without a provider is told where it runs", async () => {
  const sent = [];
  const answering = async (url, init) => {
    sent.push([String(url), JSON.parse(init.body).model]);
    return new Response(whole, { headers: { "content-type": "application/json" } });
  };
  const hf = new hfetch.HuggingFace({ apiKey: "hf_test", fetch: answering });
  const url = "https://router.huggingface.co/v1/completions";
  assert.equal((await hf.fetch(url, post({ model: "org/name:together", prompt: "a" }))).status, 200);
  assert.deepEqual(sent, [["https://router.huggingface.co/together/v1/completions", "org/name"]]);
  const refused = await hf.fetch(url, post({ model: "org/name", prompt: "a" }));
  assert.equal(refused.status, 400);
  assert.equal((await refused.json()).error.param, "model");
  assert.equal(sent.length, 1);
});
