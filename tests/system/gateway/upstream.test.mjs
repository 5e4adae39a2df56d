// The basis of a gateway: the upstream's own bytes, limits besides the key's, one settlement.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { runOn } from "../../../src/js/gateway/client.js";
import { Upstream } from "../../../src/js/gateway/upstream.js";
import { MODEL, PROMPT, endpoint, failure, hfetch, scripted } from "../../package/setting/installed.mjs";

// The package's gateway doesn't export this part, so its source runs on the installed client.
runOn(hfetch.HuggingFace, hfetch.internals);
const FIXTURES = new URL("../../fixtures/", import.meta.url);
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
      // Nothing is read after the line with [DONE], so its LF may still be missing.
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
  for (const rest of [`data: ${JSON.stringify(REPORT)}`, `data: ${JSON.stringify(REPORT)}\n`, `data: ${JSON.stringify(REPORT).slice(0, -9)}`, ": a comm", "event: x\n"]) {
    const { answer } = new Upstream({ apiKey: "k", baseURL: "http://127.0.0.1:9/v1", fetch: piecewise([bytes(wire([FINISH]) + rest)]) }).chat(body({ stream: true }));
    assert.equal(await read((await answer).body), wire([FINISH]), rest);
  }
});

const lastWords = ({ name }) => `data: {"error":"${name}"}\n\n`;
const streamed = (pieces, more) => new Upstream({ apiKey: "k", baseURL: "http://127.0.0.1:9/v1", fetch: piecewise(pieces) }).chat(body({ stream: true, stream_options: { include_usage: true }, ...more }), { lastWords, redact: (text) => text.replaceAll("acme", "[redacted]") });

// The oracle: events end with a blank line, and one without it counts only if its data is complete JSON.
test("a stream that is cut anywhere hands on its whole events and then says that it broke off", async () => {
  const encoder = new TextEncoder();
  for (const end of ["\n\n", "\r\n\r\n", "\r\r"]) {
    const events = [token("aé"), token("b 😀"), token("c")].map((frame) => wire([frame], end));
    const text = encoder.encode(events.join(""));
    const boundaries = events.map((_, at) => encoder.encode(events.slice(0, at + 1).join("")).length);
    for (let cut = 1; cut < text.length; cut += cut % 7 === 0 ? 3 : 1) {
      const { answer, settled } = streamed([text.subarray(0, cut)]);
      const received = await read((await answer).body);
      const [whole, words, ...more] = received.split(/data: (?=\{"error")/);
      assert.deepEqual([words, more], ['{"error":"StreamTruncatedError"}\n\n', []], `${cut}: ${received}`);
      // An event that lacks only line ends is complete.
      const came = boundaries.filter((boundary) => boundary - end.length <= cut).length;
      const frames = [...whole.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data).choices[0].delta.content);
      assert.deepEqual([frames, /(\n\n|\r\r|\r\n\r\n?|^)\n*$/.test(whole)], [["aé", "b 😀", "c"].slice(0, came), true], `${JSON.stringify(end)} ${cut}: ${whole}`);
      assert.equal((await settled).outcome, "truncated");
    }
  }
});

test("however a large event is cut, it comes as one or not at all", async () => {
  const encoder = new TextEncoder();
  const large = wire([token("x".repeat(300_000))]);
  const [text, head] = [encoder.encode(large + wire([FINISH, "[DONE]"])), large.length];
  for (const size of [1_000, 16_384, 299_999]) {
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.subarray(at * size, (at + 1) * size));
    const { body: whole } = await streamed(pieces).answer;
    const reader = whole.getReader();
    assert.ok((await reader.read()).value.length >= head);
    await reader.cancel();
    const broken = await read((await streamed(pieces.slice(0, Math.floor(300_000 / size) - 1)).answer).body);
    assert.equal(broken, 'data: {"error":"StreamTruncatedError"}\n\n');
  }
});

test("an event that can't be read is not handed on, one that reports an error is, and is the last", async () => {
  const bytes = (text) => [new TextEncoder().encode(text)];
  for (const [sent, received] of [
    [`${wire([token("a")])}data: {"choices":[{"ind\n\n${wire([token("b")])}`, `${wire([token("a")])}data: {"error":"StreamError"}\n\n`],
    [wire([token("a"), { error: { message: "in acme" } }]), wire([token("a"), { error: { message: "in [redacted]" } }])],
    [`event: error\ndata: {"message":"of acme"}\n\n`, `event: error\ndata: {"message":"of [redacted]"}\n\ndata: {"error":"StreamError"}\n\n`],
    [`data: {"error":{"message":"at the end"}}`, `data: {"error":{"message":"at the end"}}\n\n`],
  ]) {
    const { answer, settled } = streamed(bytes(sent));
    assert.equal(await read((await answer).body), received, sent);
    assert.equal((await settled).outcome, "error");
  }
});

// An event without its blank line is held back until the end shows what it is.
for (const end of ["by a lost connection", "by silence"]) {
  test(`a stream that ends ${end}: what completes it is handed on, and a failure is told once`, async () => {
    const stalling = (text) => async () => new Response(new ReadableStream({
      start: (body) => body.enqueue(new TextEncoder().encode(text)),
      pull: (body) => end === "by a lost connection" && body.error(new TypeError("terminated")),
    }));
    const completed = event("response.completed", { response: { status: "completed", usage: USED } });
    const failed = event("response.failed", { response: { error: { message: "in acme" } } });
    for (const [kind, whole, held, error] of [
      ["chat", wire([token("a")]), wire([FINISH]).trimEnd()],
      ["chat", wire([token("a"), FINISH]), "data: [DONE]"],
      ["chat", "", wire([token("a"), ": a comment", FINISH, "[DONE]"], "\n").trimEnd()],
      ["chat", wire([token("a")]), wire([{ error: { message: "in acme" } }]).trimEnd(), "StreamError"],
      ["chat", wire([token("a")]), wire([token("b")]).slice(0, -9), "StreamTruncatedError"],
      ["responses", DELTA, completed.trimEnd()],
      ["responses", DELTA, failed.trimEnd(), "StreamError"],
      ["responses", DELTA, completed.slice(0, -9), "StreamTruncatedError"],
    ]) {
      const model = new Upstream({ apiKey: "k", baseURL: "http://127.0.0.1:9/v1", fetch: stalling(whole + held), timeout: { idle: 40 } });
      const asked = kind === "chat" ? body({ stream: true }) : JSON.stringify({ model: MODEL, input: "Hi", stream: true });
      const { answer, settled } = model[kind](asked, { lastWords });
      const told = error && end === "by silence" ? "APIConnectionTimeoutError" : error;
      const rest = error === undefined ? `${held}\n\n` : `data: {"error":"${told}"}\n\n`;
      assert.equal(await read((await answer).body), whole + rest);
      assert.equal((await settled).outcome, { undefined: "ok", StreamTruncatedError: "truncated" }[told] ?? "error", held);
    }
  });
}

test("the first event is handed on before the next comes, and nothing of that one", async () => {
  const first = wire([token("a")]);
  const script = scripted({ sse: [token("a"), token("b")], stallAfter: first.length + 10 });
  const { answer } = upstream(script).chat(body({ stream: true }));
  const reader = (await answer).body.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), first);
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
  const framed = await upstream(scripted({ errorFrame: 1 })).chat(body({ stream: true }), { lastWords }).answer;
  assert.match(await read(framed.body), /"error":\{[^]*\n\n$/);
  const cut = () => upstream(scripted({ sse: [token("a")] }));
  assert.match(await read((await cut().chat(body({ stream: true }), { lastWords }).answer).body), /\n\ndata: \{"error":"StreamTruncatedError"\}\n\n$/);
  assert.equal((await failure(read((await cut().chat(body({ stream: true })).answer).body))).name, "StreamTruncatedError");
});

test("a caller who leaves closes the upstream's socket, and is settled", async () => {
  for (const leave of ["signal", "cancel"]) {
    const script = scripted({ sse: [token("some words"), token("more")], stallAfter: wire([token("some words")]).length + 20 });
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

const event = (type, more) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const respond = (script, more, request) => upstream(script).responses(JSON.stringify({ model: MODEL, input: "Name three rivers.", ...more }), request);
const DELTA = event("response.output_text.delta", { sequence_number: 4, delta: "The Rhine, the Rhône, the Po." });
const USED = { input_tokens: 11, output_tokens: 7, total_tokens: 18 };

test("the Responses API: a stream's bytes are the upstream's own, metered from the event that ends it", async () => {
  const completed = event("response.completed", { sequence_number: 5, response: { status: "completed", usage: USED } });
  for (const [text, expected] of [
    [DELTA + completed, ["ok", "completed", 11, 7, 18, "reported"]],
    [`${DELTA}${completed}data: [DONE]\n\n`, ["ok", "completed", 11, 7, 18, "reported"]],
    [DELTA + completed.trimEnd(), ["ok", "completed", 11, 7, 18, "reported"]],
    [DELTA + event("response.incomplete", { response: { incomplete_details: { reason: "max_output_tokens" }, usage: USED } }), ["ok", "max_output_tokens", 11, 7, 18, "reported"]],
    [DELTA + event("response.completed", { response: { status: "completed", usage: null } }), ["ok", "completed", 9, 11, 20, "estimated"]],
  ]) {
    for (const split of [undefined, "byte"]) {
      const { answer, settled } = respond(scripted({ text, contentType: "text/event-stream", split }), { stream: true });
      assert.equal((await read((await answer).body)).trimEnd(), text.trimEnd());
      const { outcome, finishReason, kind, usage } = await settled;
      const [, , prompt, completion, , source] = expected;
      assert.deepEqual([outcome, finishReason, kind, usage.source], [expected[0], expected[1], "responses", source]);
      if (source === "reported") assert.deepEqual([usage.prompt_tokens, usage.completion_tokens, usage.total_tokens], [prompt, completion, 18]);
      else assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 3, JSON.stringify(usage));
    }
  }
});

test("the Responses API: what its server says it cost wins, in a stream and whole", async () => {
  const usage = { ...USED, cost: 0.25, input_tokens_details: { cached_tokens: 4 }, output_tokens_details: { reasoning_tokens: 2 } };
  const completed = event("response.completed", { response: { status: "completed", usage } });
  const whole = { object: "response", status: "completed", output: [], usage };
  for (const [script, more] of [[scripted({ text: DELTA + completed, contentType: "text/event-stream" }), { stream: true }], [scripted({ json: whole }), {}]]) {
    const { answer, settled } = respond(script, more);
    await read((await answer).body);
    const { cost, usage: used } = await settled;
    assert.deepEqual([cost.usd, cost.source], [0.25, "reported"]);
    assert.deepEqual([used.prompt_tokens_details, used.completion_tokens_details], [{ cached_tokens: 4 }, { reasoning_tokens: 2 }]);
  }
});

test("the Responses API: what comes in no pieces counts once, whatever the server tells or doesn't", async () => {
  const TEXT = "The Rhine, the Rhône, the Po.";
  const item = { type: "message", content: [{ type: "output_text", text: TEXT }] };
  const called = { type: "function_call", name: "rivers", arguments: '{"of":"Europe"}' };
  const done = (of) => event("response.output_item.done", { item: of });
  const end = (more) => event("response.completed", { response: { status: "completed", ...more } });
  const count = async (text) => {
    const { answer, settled } = respond(scripted({ text, contentType: "text/event-stream" }), { stream: true });
    await read((await answer).body).catch(() => {});
    return (await settled).usage.completion_tokens;
  };
  const once = await count(DELTA + end());
  assert.ok(once > 3);
  for (const text of [done(item), done(item) + end(), end({ output: [item] }), done(item) + end({ output: [item], usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 } }), DELTA + done(item) + end({ output: [item] })]) {
    assert.equal(await count(text), once, text);
  }
  assert.ok((await count(DELTA + done(item) + done(called) + end({ output: [item, called] }))) > once + 3);
});

test("the Responses API: a stream that breaks off, and one that reports its failure", async () => {
  const words = (error, sequence) => `event: error\ndata: ${error.name} ${sequence}\n\n`;
  for (const text of [DELTA, `${DELTA}event: response.completed\ndata: {"type":"response.comp`, `${DELTA}data: [DONE]\n\n`]) {
    const { answer, settled } = respond(scripted({ text, contentType: "text/event-stream" }), { stream: true }, { lastWords: words });
    assert.match(await read((await answer).body), /Po\."\}\n\nevent: error\ndata: StreamTruncatedError 5\n\n$/);
    const { outcome, usage } = await settled;
    assert.deepEqual([outcome, usage.source, usage.completion_tokens > 3], ["truncated", "estimated", true]);
  }
  const failures = [event("response.failed", { response: { error: { message: "in acme" }, usage: USED } }), event("error", { message: "in acme", code: "x" })];
  for (const failure of failures) {
    const { answer, settled } = respond(scripted({ text: DELTA + failure, contentType: "text/event-stream" }), { stream: true }, { lastWords: words, redact: (told) => told.replaceAll("acme", "[redacted]") });
    assert.equal(await read((await answer).body), DELTA + failure.replace("acme", "[redacted]"));
    assert.equal((await settled).outcome, "error");
  }
});

test("the Responses API: a whole answer is its bytes, and what is sent is what its caller wrote", async () => {
  const text = `{ "object":"response", "status":"completed", "output":[{"type":"message","content":[{"type":"output_text","text":"The Rhine."}]}], "usage":${JSON.stringify(USED)}, "seed":3859899181302555600 }\n`;
  const script = scripted({ text }, { text }, { text: '{"object":"response","status":"failed","output":[],"error":{"message":"in acme"},"usage":null}' }, { text: '{"object":"list"}' });
  const { answer, settled } = respond(script, { temperature: 0.50, max_output_tokens: 5, instructions: "Be brief." });
  assert.equal(new TextDecoder().decode((await answer).body), text);
  const { usage, kind, outcome } = await settled;
  assert.deepEqual([usage.total_tokens, usage.source, kind, outcome], [18, "reported", "responses", "ok"]);
  await respond(script, {}, { maxTokens: 77 }).answer;
  const failed = respond(script, {}, { redact: (told) => told.replaceAll("acme", "[redacted]") });
  assert.match(new TextDecoder().decode((await failed.answer).body), /in \[redacted\]/);
  assert.equal((await failed.settled).outcome, "error");
  assert.equal((await failure(respond(script).answer)).name, "APIError");
  const { bodies, paths } = await script.stats();
  assert.deepEqual(bodies[0], { model: MODEL, input: "Name three rivers.", temperature: 0.5, max_output_tokens: 5, instructions: "Be brief." });
  assert.equal(bodies[1].max_output_tokens, 77);
  assert.ok(paths.every((path) => path === "POST /v1/responses"), paths.join());
});

test("embeddings in several requests count as one against whoever asks, and are let through before the first is sent", async () => {
  const row = (count) => ({ json: { object: "list", data: Array.from({ length: count }, (_, index) => ({ object: "embedding", index, embedding: [1, 0] })), model: "m", usage: { prompt_tokens: 10, total_tokens: 10 } } });
  const script = scripted(...Array(3).fill(row(10)));
  const told = [];
  const store = { ...ok, reserve: async ({ parts }) => (told.push(["reserve", parts]), { ok: true, reservation: `r${told.length}` }), settle: async (reservation, { tokens }) => void told.push([reservation, tokens]) };
  const input = Array.from({ length: 30 }, (_, at) => `text number ${at}`);
  const parts = [{ scope: "client:ann", limits: { requestsPerMinute: 2, tokensPerMinute: 9_000 } }, { scope: "gateway", limits: { requestsPerMonth: 5 } }];
  const many = upstream(script, { store, limits: { requestsPerMinute: 9 }, embeddings: { batchSize: 10 } });
  const { answer, settled } = many.embeddings(JSON.stringify({ model: "org/name", input }), { parts });
  await answer;
  await settled;
  const reserved = told.filter(([what]) => what === "reserve").map(([, parts]) => parts);
  assert.deepEqual(reserved.map((parts) => parts.map(({ scope }) => scope.replace(/^key:.*/, "key"))), [["client:ann", "gateway"], ["key"], ["key"], ["key"]]);
  assert.equal(told.findIndex(([what]) => what !== "reserve"), 4, "nothing is sent before all are let through");
  assert.equal(reserved[0][0].tokens, reserved.slice(1).reduce((sum, [{ tokens }]) => sum + tokens, 0));
  assert.deepEqual(told.slice(4).sort(), [["r1", 30], ["r2", 10], ["r3", 10], ["r4", 10]].sort());
});

test("embeddings that can't fit are refused before anything is sent, and hold nothing", async () => {
  const input = Array.from({ length: 40 }, (_, at) => `text number ${at}`);
  const embed = (gateway, count, parts) => gateway.embeddings(JSON.stringify({ model: "org/name", input: input.slice(0, count) }), { parts });
  for (const [keyLimits, limits, reason] of [[{ requestsPerMinute: 3 }, undefined, "requests"], [undefined, { tokensPerMinute: 100 }, "tokens"]]) {
    const script = scripted();
    const gateway = upstream(script, { limits: keyLimits, embeddings: { batchSize: 10 } });
    const parts = limits ? [{ scope: "client:ann", limits }] : [];
    const refused = embed(gateway, 40, parts);
    const error = await failure(refused.answer);
    assert.deepEqual([error.name, error.reason], ["LimitExceededError", reason]);
    assert.equal((await refused.settled).outcome, "error");
    assert.equal((await script.stats()).requests, 0);
    assert.equal((await embed(gateway, 15, parts).answer).status, 200, "the place is free");
  }
});

test("a retry of one of several requests is let through by itself", async () => {
  const script = scripted({ status: 503, json: { error: "overloaded" } });
  const gateway = upstream(script, { retry: { maxAttempts: 2, baseDelay: 1 }, limits: { requestsPerMinute: 5 }, embeddings: { batchSize: 10, concurrency: 1 } });
  const input = Array.from({ length: 20 }, (_, at) => `text number ${at}`);
  const parts = [{ scope: "client:ann", limits: { requestsPerMinute: 1 } }];
  const { answer, settled } = gateway.embeddings(JSON.stringify({ model: "org/name", input }), { parts });
  assert.equal(JSON.parse(new TextDecoder().decode((await answer).body)).data.length, 20);
  const { attempts, outcome } = await settled;
  assert.deepEqual([attempts, outcome, (await script.stats()).requests], [3, "ok", 3]);
  assert.equal((await failure(gateway.embeddings(JSON.stringify({ model: "org/name", input: "x" }), { parts }).answer)).scope, "client:ann");
});

test("a stream that nobody reads is given up after the idle timeout: one settlement, and an error for whoever comes back", async () => {
  const script = scripted({ drip: 1 });
  const told = [];
  const { answer, settled } = upstream(script, { timeout: { idle: 200 } }).chat(body({ stream: true }), { lastWords: (error) => void told.push(`${error.name}: ${error.cause.message}`) });
  const reader = (await answer).body.getReader();
  await reader.read();
  const { outcome, attempts } = await settled;
  assert.deepEqual([outcome, attempts, (await script.stats("disconnected:1")).disconnected], ["aborted", 1, 1]);
  assert.equal((await failure(reader.read())).name, "APIUserAbortError");
  assert.deepEqual(told, ["APIUserAbortError: nobody has read the stream for 200 ms (timeout.idle)"]);
});

test("what a model may have written behind a stream that nobody reads counts with limits and budgets as reserved", async () => {
  const part = { scope: "client:x", limits: {}, budget: { usd: 1, per: "day" } };
  const options = { timeout: { idle: 200 }, pricing: { inputPerMillion: 0, outputPerMillion: 1 } };
  const booked = async (kind, leave, answers) => {
    const told = [];
    const store = { ...ok, settle: async (_, actual) => void told.push(actual) };
    const given = kind === "chat" ? JSON.parse(body({ max_tokens: 500 })) : { model: MODEL, input: "Name three rivers.", max_output_tokens: 500 };
    const { answer, settled } = upstream(scripted(answers), { ...options, store })[kind](JSON.stringify({ ...given, stream: true }), { parts: [part] });
    const { chunks } = await answer;
    await chunks.read();
    await leave(chunks);
    const { usage } = await settled;
    assert.ok(usage.completion_tokens < 50, JSON.stringify(usage));
    return told[0];
  };
  const stalled = () => {};
  const reads = async (chunks) => {
    chunks.read().catch(() => {});
    await chunks.cancel();
  };
  for (const [kind, answers] of [["chat", { drip: 1 }], ["responses", { text: DELTA.repeat(2), contentType: "text/event-stream", stallAfter: Buffer.byteLength(DELTA) }]]) {
    const unread = await booked(kind, stalled, answers);
    assert.ok(unread.usd === 500e-6 && unread.tokens > 500, JSON.stringify(unread));
    const left = await booked(kind, reads, answers);
    assert.ok(left.usd < 50e-6 && left.tokens < 100, JSON.stringify(left));
  }
});
