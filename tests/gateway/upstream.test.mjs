// What a gateway stands on: the upstream's own bytes, limits beside the key's, one settlement.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { runOn } from "../../src/js/gateway/client.js";
import { Upstream } from "../../src/js/gateway/upstream.js";
import { MODEL, PROMPT, endpoint, failure, hfetch, scripted } from "../package/installed.mjs";

// The package's gateway exports no such part of itself: its source runs on the installed client.
runOn(hfetch.HuggingFace);
const FIXTURES = new URL("../fixtures/", import.meta.url);
const FRAME = { id: "1", object: "chat.completion.chunk", created: 1, model: "m" };
const token = (content, more) => ({ ...FRAME, choices: [{ index: 0, delta: { content }, finish_reason: null }], ...more });
const FINISH = { ...FRAME, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const REPORT = { ...FRAME, choices: [], usage: USAGE };

const upstream = (script, options) => new Upstream({ apiKey: "hf_test", baseURL: script.baseURL, retry: false, ...options });
const body = (more) => JSON.stringify({ model: MODEL, messages: PROMPT, ...more });
const wire = (frames, end = "\n\n") => frames.map((frame) => `data: ${typeof frame === "string" ? frame : JSON.stringify(frame)}${end}`).join("");
const read = async (stream) => new Response(stream).text();
const ok = { reserve: async () => ({ ok: true, reservation: "r" }), settle: async () => {}, release: async () => {}, block: async () => {} };

/** A fetch whose body comes in the given pieces. */
function piecewise(pieces) {
  return async () => new Response(new ReadableStream({ start(body) { for (const piece of pieces) body.enqueue(piece); body.close(); } }));
}

test("a stream's bytes are the upstream's own, and metered", async () => {
  for (const name of readdirSync(FIXTURES).filter((name) => name.endsWith(".sse") && !/error|cut|bad|truncated|empty-stream/.test(name))) {
    const script = scripted({ fixture: name });
    const { answer, settled } = upstream(script).chat(body({ stream: true, stream_options: { include_usage: true } }));
    const expected = readFileSync(new URL(name, FIXTURES));
    const received = await answer.then(({ body }) => new Response(body).arrayBuffer()).catch((error) => error);
    if (received instanceof Error) continue; // a recording of a failure, which fails here too
    assert.ok(expected.equals(Buffer.from(received).subarray(0, expected.length)), name);
    assert.equal((await settled).key.startsWith("huggingface-"), true, name);
  }
});

test("usage is always asked for, and reported only to who asked", async () => {
  const script = scripted({}, {}, {});
  const gateway = upstream(script);
  const [silent, declined, asked] = [undefined, { include_usage: false }, { include_usage: true }].map((stream_options) => gateway.chat(body({ stream: true, stream_options })));
  const texts = await Promise.all([silent, declined, asked].map(async ({ answer }) => read((await answer).body)));
  assert.deepEqual(texts.map((text) => /"choices":\[\]/.test(text)), [false, false, true]);
  assert.ok(texts.every((text) => text.endsWith("data: [DONE]\n\n")));
  assert.equal(texts[0].replaceAll(/chatcmpl-\w+/g, ""), texts[1].replaceAll(/chatcmpl-\w+/g, ""));
  for (const { settled } of [silent, declined, asked]) assert.equal((await settled).usage.source, "reported");
  const { bodies } = await script.stats();
  assert.ok(bodies.every((sent) => JSON.stringify(sent).includes('"stream_options":{"include_usage":true}')));
});

test("a server that refuses stream options is asked once more without them, and then no more with them", async () => {
  const script = scripted({ status: 422, json: { detail: [{ loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }] } }, {}, {});
  const gateway = upstream(script);
  for (const attempts of [2, 1]) {
    const { answer, settled } = gateway.chat(body({ stream: true, stream_options: { include_usage: true } }));
    assert.match(await read((await answer).body), /\[DONE\]\n\n$/);
    const settlement = await settled;
    assert.deepEqual([settlement.outcome, settlement.attempts, settlement.usage.source], ["ok", attempts, "estimated"]);
  }
  assert.deepEqual((await script.stats()).bodies.map((sent) => "stream_options" in sent), [true, false, false]);
});

test("exactly the usage event is left out, however the bytes are cut", async () => {
  const bytes = (text) => new TextEncoder().encode(text);
  for (const end of ["\n\n", "\r\n\r\n", "\r\r"]) {
    const head = wire([token("a"), token("b"), FINISH], end);
    const tail = wire(["[DONE]"], end);
    const whole = head + wire([REPORT], end) + tail;
    const cuts = [[], ...Array.from({ length: whole.length - 1 }, (_, at) => [at + 1]), Array.from({ length: whole.length - 1 }, (_, at) => at + 1)];
    for (const cut of cuts) {
      const pieces = [0, ...cut].map((from, at) => bytes(whole.slice(from, cut[at] ?? whole.length)));
      const { answer, settled } = new Upstream({ apiKey: "k", baseURL: "http://127.0.0.1:9/v1", fetch: piecewise(pieces) }).chat(body({ stream: true }));
      // Nothing is read after the line that [DONE] stands in, and an LF may still be missing there.
      const received = await read((await answer).body);
      assert.equal(received.trimEnd(), (head + tail).trimEnd(), JSON.stringify([end, cut.length > 1 ? "bytes" : cut]));
      assert.deepEqual((await settled).usage, { ...USAGE, source: "reported" });
    }
  }
  const kept = [
    [token("a"), { ...FRAME, choices: [] }, { ...FINISH, usage: USAGE }, "[DONE]"],
    [FINISH, { ...REPORT, choices: [{ index: 0, delta: { content: "x" } }] }, "[DONE]"],
  ];
  for (const frames of kept) {
    const { answer } = new Upstream({ apiKey: "k", baseURL: "http://127.0.0.1:9/v1", fetch: piecewise([bytes(wire(frames))]) }).chat(body({ stream: true }));
    assert.equal(await read((await answer).body), wire(frames));
  }
  const unfinished = wire([FINISH]) + `data: ${JSON.stringify(REPORT)}`;
  const { answer } = new Upstream({ apiKey: "k", baseURL: "http://127.0.0.1:9/v1", fetch: piecewise([bytes(unfinished)]) }).chat(body({ stream: true }));
  assert.equal(await read((await answer).body), wire([FINISH]));
});

test("the first bytes are handed on before the next come", async () => {
  const script = scripted({ sse: [token("a")], stallAfter: 10 });
  const { answer } = upstream(script).chat(body({ stream: true }));
  const reader = (await answer).body.getReader();
  assert.equal((await reader.read()).value.byteLength, 10, "not even a whole event");
  await reader.cancel();
  assert.equal((await script.closed()).disconnected, 1);
});

test("a whole answer's bytes are the upstream's own", async () => {
  const text = `{ "choices" : [{"index":0,"message":{"role":"assistant","content":"x","reasoning_content":"y"},"finish_reason":"stop"}],\n"seed":3859899181302555600,"usage":{"prompt_tokens":1,"completion_tokens":2}}`;
  const { answer, settled } = upstream(scripted({ text })).chat(body());
  assert.equal(new TextDecoder().decode((await answer).body), text);
  assert.deepEqual([(await settled).usage.total_tokens, (await settled).outcome], [3, "ok"]);
  const bad = upstream(scripted({ text: "<html>" })).chat(body());
  assert.equal((await failure(bad.answer)).name, "APIError");
});

test("embeddings: OpenAI's list as it came, anything else as such a list", async () => {
  const script = scripted({ json: { object: "list", data: [{ object: "embedding", index: 0, embedding: [0.10000000149, 1] }], model: "m", usage: { prompt_tokens: 4, total_tokens: 4 }, extra: 1 } }, { json: [[0.1, 0.25]] });
  const gateway = upstream(script);
  const asked = JSON.stringify({ model: "org/name", input: "text" });
  const list = gateway.embeddings(asked);
  assert.match(new TextDecoder().decode((await list.answer).body), /0.10000000149,1\].*"extra":1/);
  assert.equal((await list.settled).usage.prompt_tokens, 4);
  const rows = JSON.parse(new TextDecoder().decode((await gateway.embeddings(asked).answer).body));
  assert.deepEqual(rows.data, [{ object: "embedding", index: 0, embedding: [0.1, 0.25] }]);
  const many = JSON.stringify({ model: "org/name", input: Array.from({ length: 40 }, (_, at) => `text ${at}`), encoding_format: "base64" });
  const batches = JSON.parse(new TextDecoder().decode((await gateway.embeddings(many).answer).body));
  assert.deepEqual([batches.data.length, batches.data[39].index, typeof batches.data[39].embedding], [40, 39, "string"]);
});

test("models as bytes", async () => {
  const { status, body: bytes } = await upstream(scripted()).models();
  assert.equal(status, 200);
  const direct = await fetch(`${endpoint.url}/v1/models`).then((response) => response.text());
  assert.equal(new TextDecoder().decode(bytes), direct);
});

test("parts are reserved with the key's, all or none, in one question", async () => {
  const asked = [];
  const store = { ...ok, reserve: async (request) => (asked.push(request), { ok: true, reservation: "r", quotas: [{ scope: "gateway", reason: "requests", limit: 9, remaining: 8, reset: 1 }] }) };
  const gateway = upstream(scripted(), { store, pricing: { inputPerMillion: 1, outputPerMillion: 2 } });
  const parts = [
    { scope: "client:ann", limits: { tokensPerMinute: 100 }, budget: { usd: 1, per: "day" } },
    { scope: "gateway", limits: { requestsPerMinute: 9, maxConcurrent: 3 } },
  ];
  const { answer } = gateway.chat(body({ max_tokens: 400 }), { parts });
  assert.deepEqual((await answer).quotas, [{ scope: "gateway", reason: "requests", limit: 9, remaining: 8, reset: 1 }]);
  assert.equal(asked.length, 1);
  const [key, client, whole] = asked[0].parts;
  assert.match(key.scope, /^key:huggingface-/);
  assert.deepEqual([client.scope, client.limits, client.budget], ["client:ann", { tokensPerMinute: 100 }, { usd: 1, per: "day" }]);
  assert.ok(client.usd > 400 * 2e-6 && client.tokens === key.tokens - 400 + 25, "a quarter of a client's minute at most");
  assert.deepEqual([whole.scope, whole.limits, whole.usd], ["gateway", { requestsPerMinute: 9, maxConcurrent: 3 }, 0]);
});

test("a refusal names the scope, nothing waits, and nothing is held for it", async () => {
  const script = scripted();
  const gateway = upstream(script);
  const parts = (name, limit) => [{ scope: `client:${name}`, limits: { requestsPerMinute: limit } }, { scope: "gateway", limits: { requestsPerMinute: 3 } }];
  const ask = (name) => gateway.chat(body(), { parts: parts(name, 1) });
  const { quotas } = await ask("ann").answer;
  assert.deepEqual(quotas.map(({ scope, reason, limit, remaining }) => [scope, reason, limit, remaining]), [["client:ann", "requests", 1, 0], ["gateway", "requests", 3, 2]]);
  assert.ok(quotas.every(({ reset }) => reset > 50_000 && reset <= 60_000));
  for (let i = 0; i < 3; i++) {
    const refused = ask("ann");
    const error = await failure(refused.answer);
    assert.deepEqual([error.name, error.scope, error.reason, error.quotas.length], ["LimitExceededError", "client:ann", "requests", 2]);
    assert.equal((await refused.settled).outcome, "error");
  }
  await Promise.all([ask("ben").answer, ask("cid").answer]);
  assert.equal((await failure(ask("dan").answer)).scope, "gateway");
  assert.equal((await script.stats()).requests, 3);
});

test("a part's budget needs a price", async () => {
  const parts = [{ scope: "gateway", budget: { usd: 1, per: "day" } }];
  const error = await failure(upstream(scripted()).chat(body(), { parts }).answer);
  assert.deepEqual([error.name, error.path], ["ConfigError", "pricing"]);
});

test("settled comes once the store has it", async () => {
  let stored = false;
  const store = { ...ok, settle: () => new Promise((resolve) => setTimeout(() => resolve((stored = true)), 50)) };
  const { answer, settled } = upstream(scripted(), { store }).chat(body());
  await answer;
  assert.equal(stored, false, "the answer doesn't wait for it");
  await settled;
  assert.equal(stored, true);
});

test("a stream that fails: a frame speaks for itself, else the last words, else the failure", async () => {
  const lastWords = ({ name }) => `\n\ndata: {"error":"${name}"}\n\n`;
  const framed = await upstream(scripted({ errorFrame: 1 })).chat(body({ stream: true }), { lastWords }).answer;
  assert.match(await read(framed.body), /"error":\{[^]*\n\n$/);
  const cut = () => upstream(scripted({ sse: [token("a")] }));
  assert.match(await read((await cut().chat(body({ stream: true }), { lastWords }).answer).body), /\n\ndata: \{"error":"StreamTruncatedError"\}\n\n$/);
  assert.equal((await failure(read((await cut().chat(body({ stream: true })).answer).body))).name, "StreamTruncatedError");
});

test("a caller who leaves closes the upstream's socket, and is settled", async () => {
  for (const leave of ["signal", "cancel"]) {
    const script = scripted({ sse: [token("some words")], stallAfter: 60 });
    const abort = new AbortController();
    const { answer, settled } = upstream(script).chat(body({ stream: true }), { signal: abort.signal });
    const reader = (await answer).body.getReader();
    await reader.read();
    if (leave === "signal") abort.abort();
    else await reader.cancel();
    assert.equal((await settled).outcome, "aborted", leave);
    assert.equal((await script.closed()).disconnected, 1, leave);
  }
});
