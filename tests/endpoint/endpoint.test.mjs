// Other tests rely on the endpoint's counters, so these are tested first.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startEndpoint } from "./server.mjs";
import { embed } from "./embedding.mjs";

let endpoint;
before(async () => (endpoint = await startEndpoint()));
after(() => endpoint.close());

const CHAT = { model: "meta-llama/Llama-3.1-8B-Instruct", messages: [{ role: "user", content: "one two" }], stream: true };

function post(path, body = CHAT, { key = "hf_good", ...init } = {}) {
  const headers = { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) };
  return fetch(endpoint.url + path, { method: "POST", headers, body: JSON.stringify(body), ...init });
}

test("the same request gets the same answer, and usage only when asked", async () => {
  const [first, second] = await Promise.all([post("/v1/chat/completions"), post("/v1/chat/completions")]);
  const [a, b] = [await first.text(), await second.text()];
  assert.equal(a, b);
  assert.doesNotMatch(a, /prompt_tokens/);
  assert.ok(a.endsWith("data: [DONE]\n\n"));
  const asked = await (await post("/v1/chat/completions", { ...CHAT, stream_options: { include_usage: true } })).text();
  assert.match(asked, /"choices":\[\],"usage":\{"prompt_tokens":\d+/);
});

test("a client that hangs up is counted as disconnected, a whole answer as completed", async () => {
  endpoint.script("hangup", [{ stallAfter: 200 }]);
  const abort = new AbortController();
  const response = await post("/s/hangup/v1/chat/completions", CHAT, { signal: abort.signal });
  const begun = await endpoint.stats("hangup", "bytes:200");
  assert.deepEqual([begun.open, begun.timedOut], [1, undefined]);
  await response.body.getReader().read();
  abort.abort();
  const stats = await endpoint.stats("hangup", "closed");
  assert.deepEqual([stats.disconnected, stats.completed, stats.open], [1, 0, 0]);
  await (await post("/s/hangup/v1/chat/completions")).text();
  assert.equal((await endpoint.stats("hangup", "completed:1")).completed, 1);
});

test("an answer is over with its [DONE], however slow it is: who comes then finds none open", async () => {
  endpoint.script("slow", [{ delayMs: 50, split: [100, 200] }, { delayMs: 50 }]);
  for (let at = 0; at < 2; at++) {
    const reader = (await post("/s/slow/v1/chat/completions")).body.getReader();
    let text = "";
    while (!text.endsWith("[DONE]\n\n")) text += new TextDecoder().decode((await reader.read()).value);
    await (await post("/s/slow/v1/chat/completions", CHAT)).text();
    assert.equal((await endpoint.stats("slow")).peak, 1);
  }
});

test("every key says what is wrong with it", async () => {
  for (const [key, status] of [["hf_revoked", 401], ["hf_broke", 402], ["hf_noperm", 403], ["hf_limited", 429], ["hf_good", 200]]) {
    assert.equal((await post("/v1/chat/completions", CHAT, { key })).status, status, key);
  }
  const anonymous = await post("/v1/chat/completions", CHAT, { key: null });
  assert.deepEqual([anonymous.status, anonymous.headers.get("content-type")], [401, "text/html; charset=utf-8"]);
});

test("cut bodies end as they say", async () => {
  endpoint.script("cut", [{ cutAfter: 200 }, { cutAfter: 200, cut: "close" }, { cutAfter: 200, cut: "end" }]);
  await assert.rejects(async () => (await post("/s/cut/v1/chat/completions")).text());
  await assert.rejects(async () => (await post("/s/cut/v1/chat/completions")).text());
  assert.equal((await (await post("/s/cut/v1/chat/completions")).text()).length, 200);
  const stats = await endpoint.stats("cut", "closed");
  assert.deepEqual([stats.cut, stats.completed, stats.bytes], [2, 1, 600]);
});

test("splits change nothing but the pieces", async () => {
  const whole = await (await post("/v1/chat/completions")).text();
  for (const split of ["byte", 7, [1, 5, 6], "random:4"]) {
    endpoint.script("split", [{ split }]);
    assert.equal(await (await post("/s/split/v1/chat/completions")).text(), whole, String(split));
  }
});

test("a script counts preflights out and can be set by others", async () => {
  const set = await fetch(`${endpoint.url}/s/far/script`, { method: "POST", body: JSON.stringify([{ status: 429, headers: { "retry-after": "1" }, times: 2 }]) });
  assert.equal(set.status, 204);
  const preflight = await fetch(`${endpoint.url}/s/far/v1/chat/completions`, { method: "OPTIONS", headers: { "access-control-request-headers": "x-other" } });
  assert.match(preflight.headers.get("access-control-allow-headers"), /authorization.*x-hf-bill-to.*x-other/);
  assert.equal((await post("/s/far/v1/chat/completions")).status, 429);
  const stats = await (await fetch(`${endpoint.url}/s/far/stats?until=requests:1`)).json();
  assert.deepEqual([stats.requests, stats.left, stats.paths], [1, 1, ["POST /v1/chat/completions"]]);
});

test("near texts have near vectors", () => {
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const cat = embed("the cat sat on the mat");
  assert.ok(Math.abs(dot(cat, cat) - 1) < 1e-6);
  assert.ok(dot(cat, embed("a cat sat on a mat")) > dot(cat, embed("quarterly revenue grew")) + 0.3);
});
