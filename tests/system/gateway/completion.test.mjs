// POST /v1/completions: the operator's list and caps apply, and the request is passed on like a chat.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hfetch, scripted } from "../../package/setting/installed.mjs";
import { runOn } from "../../../src/js/gateway/client.js";
import { Service } from "../../../src/js/gateway/service.js";
import { settings } from "../../../src/js/gateway/setting.js";
import { Upstream } from "../../../src/js/gateway/upstream.js";

runOn(hfetch.HuggingFace, hfetch.internals);

const KEY = "a-client-key";
const SERVERS = ["tgi", "vllm", "llama.cpp", "transformers", "any"];

/** A gateway in front of this machine's endpoint, and what it has settled. */
function serve(options = {}, ...steps) {
  const script = scripted(...steps);
  const seen = [];
  const checked = settings({ clientKeys: [KEY], apiKeys: ["hf_the_operators"], baseURL: script.baseURL, onSettled: (one) => seen.push(one), ...options }, {});
  const service = new Service(checked, new Upstream({ apiKey: "hf_the_operators", baseURL: script.baseURL, retry: false }));
  const work = [];
  const post = async (body, headers = {}) => {
    const log = console.log;
    console.log = () => {};
    try {
      const request = new Request("https://gw.example/v1/completions", { method: "POST", headers: { authorization: `Bearer ${KEY}`, ...headers }, body: JSON.stringify(body) });
      const response = await service.fetch(request, {}, { waitUntil: (promise) => work.push(promise) });
      const text = await response.text();
      await Promise.all(work);
      return { status: response.status, text, error: /^\{"error/.test(text) ? JSON.parse(text).error : undefined };
    } finally {
      console.log = log;
    }
  };
  return { post, script, seen };
}

test("a completion of each server passes as it came, whole and as a stream, and is settled as one", async () => {
  for (const server of SERVERS) {
    const { post, script, seen } = serve();
    const body = { model: `${server}/bloom-560m`, prompt: "Once", max_tokens: 4 };
    const whole = await post(body);
    assert.equal(whole.status, 200, whole.text);
    assert.equal(JSON.parse(whole.text).choices[0].text, " and so on, said");
    const stream = await post({ ...body, stream: true });
    const frames = stream.text.split("\n\n").filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice(6)));
    assert.equal(frames.flatMap(({ choices }) => choices).map(({ text }) => text).join(""), " and so on, said", server);
    assert.equal(stream.text.includes("[DONE]"), server !== "transformers");
    // Only the gateway has asked for usage in a chunk of its own.
    assert.ok(!frames.some(({ choices }) => choices.length === 0), server);
    assert.deepEqual(seen.map(({ kind, outcome, usage }) => [kind, outcome, usage.source, usage.completion_tokens]), Array(2).fill(["completion", "ok", "reported", 4]), server);
    const { paths, headers } = await script.stats();
    assert.ok(paths.every((path) => path.endsWith("/v1/completions")), paths.join());
    assert.ok(headers.every(({ authorization }) => authorization === "Bearer hf_the_operators"));
  }
});

test("a stream that breaks off says so in its last event", async () => {
  const { post, seen } = serve({}, { sse: [{ choices: [{ index: 0, text: "a", finish_reason: null }] }] });
  const { text } = await post({ model: "org/name", prompt: "x", stream: true });
  assert.match(text, /data: \{"error":/);
  assert.deepEqual(seen.map(({ outcome, kind }) => [outcome, kind]), [["truncated", "completion"]]);
});

test("models, caps and members are held as a chat's are, and each prompt is an answer", async () => {
  const { post, script } = serve({ models: ["org/*"], caps: { maxTokens: 10, n: 3 }, unknownMembers: "refuse" });
  const table = [
    [{ prompt: "x" }, 400, "missing_model"], [{ model: "other/name", prompt: "x" }, 403, "model_not_allowed"], [{ model: "org/name", prompt: "x", max_tokens: 11 }, 400, "cap_exceeded"],
    [{ model: "org/name", prompt: "x", n: 4 }, 400, "cap_exceeded"], [{ model: "org/name", prompt: "x", best_of: 4 }, 400, "cap_exceeded"], [{ model: "org/name", prompt: "x", messages: [] }, 400, "unknown_parameter"],
    [{ model: "org/name", prompt: ["a", "b"], n: 2 }, 400, "invalid_request"], [{ model: "org/name", prompt: [[1], [2], [3], [4]] }, 400, "invalid_request"], [{ model: "org/name" }, 400, "invalid_request"],
  ];
  for (const [body, status, code] of table) {
    const { error, ...answer } = await post(body);
    assert.deepEqual([answer.status, error?.code], [status, code], JSON.stringify(body));
  }
  assert.equal((await script.stats()).requests, 0);
  assert.equal((await post({ model: "org/name", prompt: ["a", "b", "c"], suffix: null, echo: false, logprobs: 1 })).status, 200);
  assert.equal((await script.stats()).bodies[0].max_tokens, 10);
});

test("a client's limits and budget count it", async () => {
  const { post } = serve({ clientLimits: { requestsPerMinute: 1 } });
  assert.equal((await post({ model: "org/name", prompt: "x" })).status, 200);
  const { status, error } = await post({ model: "org/name", prompt: "x" });
  assert.deepEqual([status, error.code], [429, "rate_limit_exceeded"]);
});
