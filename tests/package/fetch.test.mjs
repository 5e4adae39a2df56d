// hf.fetch as other libraries use it: what is sent and what comes back, and how it ends, byte by byte.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { MODEL, PROMPT, drain, failure, hfetch, scripted } from "./setting/installed.mjs";

const TEXT = JSON.stringify({ messages: PROMPT, "model": MODEL, "temperature":  0.50, unknown: [1e2] }).replace("1e2", "1E+2").replace(":0.5,", ": 0.50 ,");
const STREAM = TEXT.replace("{", '{"stream" : true,');
const json = { "content-type": "application/json" };
const post = (body, more) => ({ method: "POST", headers: json, body, ...more });
const settlementsOf = () => {
  const list = [];
  return { list, onSettled: (one) => list.push(one) };
};

/** A bare server that keeps what it was sent, byte for byte. */
async function recorder(answer = (request, response) => response.end("{}")) {
  const seen = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    seen.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(parts) });
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, seen };
}

const frames = (...texts) => texts.map((text) => `data: ${text}\n\n`).join("");
const CHUNKS = [
  '{"id":"a", "choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"}}]}',
  '{"id":"a","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}],  "odd":"\\u00e9"}',
];
const WHOLE = `: first\r\n\r\n${frames(...CHUNKS, "[DONE]")}`;

test("bytes go out and come back as they are, and one call is settled", async () => {
  const whole = '{"id":"x",  "choices":[{"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}], "usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}\n';
  const server = await recorder((request, response) => {
    const stream = request.headers.accept === "text/event-stream";
    response.writeHead(200, { "content-type": stream ? "text/event-stream" : "application/json", "x-request-id": "r-1", "x-own": "kept" }).end(stream ? WHOLE : whole);
  });
  const { list, onSettled } = settlementsOf();
  const hf = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: `${server.url}/v1`, onSettled });
  const answer = await hf.fetch(`${server.url}/v1/chat/completions?a=b`, post(TEXT, { headers: { ...json, authorization: "Bearer -", "x-lib": "1" } }));
  assert.ok(answer instanceof Response && answer.ok);
  assert.deepEqual([await answer.text(), answer.headers.get("x-request-id"), answer.headers.get("x-own")], [whole, "r-1", "kept"]);
  const stream = await hf.fetch(`${server.url}/v1/chat/completions`, post(STREAM));
  assert.equal(await stream.text(), WHOLE);
  const [one, other] = server.seen;
  assert.equal(one.body.toString(), TEXT);
  assert.equal(other.body.toString(), STREAM);
  assert.deepEqual([one.url, one.headers.authorization, one.headers["x-lib"]], ["/v1/chat/completions?a=b", "Bearer hf_test", "1"]);
  assert.deepEqual(list.map(({ outcome, usage, attempts, requestId }) => [outcome, usage.total_tokens > 0, attempts, requestId]), [["ok", true, 1, "r-1"], ["ok", true, 1, "r-1"]]);
  assert.equal(list[0].usage.total_tokens, 4);
});

test("a body may be of every kind that fetch takes", async () => {
  const step = { json: { choices: [{ message: { content: "Hi" }, finish_reason: "stop" }] }, times: 20 };
  const { baseURL, client, stats } = scripted(step);
  const hf = client();
  const bytes = new TextEncoder().encode(TEXT);
  const bodies = [TEXT, bytes, bytes.buffer.slice(0), new DataView(bytes.buffer), new Blob([bytes]), new Blob([bytes]).stream()];
  const url = `${baseURL}/chat/completions`;
  for (const body of bodies) assert.equal((await hf.fetch(url, post(body, { duplex: "half" }))).status, 200);
  assert.equal((await hf.fetch(new URL(url), post(TEXT))).status, 200);
  assert.equal((await hf.fetch(new Request(url, post(TEXT)))).status, 200);
  assert.equal((await hf.fetch(new Request(url, post("{}")), { body: TEXT })).status, 200);
  const { requests, bodies: sent } = await stats("closed");
  assert.equal(requests, 9);
  for (const body of sent) assert.deepEqual(body, JSON.parse(TEXT));
});

test("what is no request for a chat is refused as OpenAI's API would, and not sent", async () => {
  const { baseURL, client, stats } = scripted();
  const { list, onSettled } = settlementsOf();
  const hf = client({ onSettled });
  const form = new FormData();
  form.set("messages", "x");
  for (const body of [form, new URLSearchParams({ a: "b" }), "", "nonsense", "[]", "{}", '{"messages":1}', new Uint8Array([0x22, 0xff, 0x22]), undefined]) {
    const answer = await hf.fetch(`${baseURL}/chat/completions`, { method: "post", body });
    const { error } = await answer.json();
    assert.deepEqual([answer.status, typeof error.message, error.type, error.code], [400, "string", "invalid_request_error", "invalid_request"]);
    assert.equal(answer.headers.get("x-should-retry"), "false");
  }
  const broken = new ReadableStream({ pull: (controller) => controller.error(new RangeError("mine")) });
  assert.equal((await failure(hf.fetch(`${baseURL}/chat/completions`, post(broken, { duplex: "half" })))).message, "mine");
  assert.equal((await stats()).requests, 0);
  assert.deepEqual(list, []);
});

test("what is no call goes on as it is: with a key below the base URL, without one elsewhere", async () => {
  const here = await recorder((request, response) => response.writeHead(418, { "x-own": "1" }).end("tea"));
  const there = await recorder();
  const { list, onSettled } = settlementsOf();
  const hf = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: `${here.url}/v1`, onSettled });
  const form = new FormData();
  form.set("file", new Blob(["data"]), "a.txt");
  const answer = await hf.fetch(`${here.url}/v1/files`, { method: "POST", body: form, headers: { authorization: "Bearer -" } });
  assert.deepEqual([answer.status, await answer.text(), answer.headers.get("x-own")], [418, "tea", "1"]);
  await hf.fetch(`${here.url}/v1/files/x`, { method: "delete" });
  await hf.fetch(new Request(`${here.url}/v1/files`, { method: "PUT", body: "text", headers: { "x-mine": "2" } }));
  await hf.fetch(`${here.url}/v1/files`, { method: "POST", body: new Blob(["stream"]).stream(), duplex: "half" });
  assert.match(here.seen[0].body.toString(), /filename="a.txt"[^]*data/);
  assert.match(here.seen[0].headers["content-type"], /^multipart\/form-data/);
  assert.deepEqual(here.seen.map(({ method, headers }) => [method, headers.authorization]), ["POST", "DELETE", "PUT", "POST"].map((method) => [method, "Bearer hf_test"]));
  assert.deepEqual([here.seen[2].headers["x-mine"], here.seen[2].body.toString(), here.seen[3].body.toString()], ["2", "text", "stream"]);
  const elsewhere = [`${there.url}/v1/chat/completions`, `${here.url}/v2/models`, `${here.url}/v1x`, `${here.url}/v1/../v2`, `${here.url}/v1/%2e%2e/v2`, `${here.url}/v1/..%2fv2`, `${here.url}/v1/\t../x`, `${here.url}\\v1\\..\\x`];
  for (const url of elsewhere) await (await hf.fetch(url, { method: "POST", body: TEXT, headers: { authorization: "Bearer own" } })).text();
  for (const { url, headers } of [...there.seen, ...here.seen.slice(4)]) assert.equal(headers.authorization, "Bearer own", url);
  assert.equal(here.seen.length + there.seen.length, 4 + elsewhere.length);
  assert.deepEqual(list, []);
});

test("a redirect takes no key to where it must not go", async () => {
  const there = await recorder();
  const ways = { "/v1/out": () => `${there.url}/v1/x`, "/v1/up": () => "/admin", "/v1/on": () => "/v1/end" };
  const here = await recorder((request, response) => {
    const to = ways[request.url.replace("/chat/completions", "")]?.();
    if (to === undefined) response.end("{}");
    else response.writeHead(307, { location: to }).end();
  });
  const hf = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: `${here.url}/v1`, retry: false });
  const of = async (way, init) => (await hf.fetch(`${here.url}/v1/${way}`, init)).status;
  assert.deepEqual([await of("out"), await of("up"), await of("on")], [307, 307, 200]);
  assert.deepEqual([await of("out/chat/completions", post(TEXT)), await of("up/chat/completions", post(TEXT))], [307, 307]);
  assert.equal(await of("on", { redirect: "manual" }), 307);
  await assert.rejects(of("on", { redirect: "error" }), TypeError);
  assert.deepEqual(there.seen, []);
  assert.ok(!here.seen.some(({ url }) => url === "/admin"));
});

test("a client without a key sends the caller's", async () => {
  const server = await recorder((request, response) => response.end('{"choices":[{"message":{"content":"Hi"}}]}'));
  const hf = new hfetch.HuggingFace({ baseURL: `${server.url}/v1` });
  for (const way of ["chat/completions", "other"]) await hf.fetch(`${server.url}/v1/${way}`, post(TEXT, { headers: { authorization: "Bearer own" } }));
  assert.deepEqual(server.seen.map(({ headers }) => headers.authorization), ["Bearer own", "Bearer own"]);
});

test("keys turn, and a function's key goes along", async () => {
  const { baseURL, client, stats } = scripted({ status: 401, json: { error: "no" } }, {});
  const { list, onSettled } = settlementsOf();
  const hf = client({ apiKey: undefined, apiKeys: ["hf_one", "hf_two"], onSettled });
  assert.equal((await hf.fetch(`${baseURL}/chat/completions`, post(TEXT))).status, 200);
  const asked = client({ apiKey: async () => "hf_ticket" });
  await (await asked.fetch(`${baseURL}/models`)).text();
  const { headers } = await stats("closed");
  assert.deepEqual(headers.map(({ authorization }) => authorization), ["Bearer hf_one", "Bearer hf_two", "Bearer hf_ticket"]);
  assert.deepEqual(list.map(({ outcome, attempts }) => [outcome, attempts]), [["ok", 2]]);
});

test("limits and the budget refuse as OpenAI's API does", async () => {
  const { baseURL, client, stats } = scripted();
  const hf = client({ limits: { requestsPerMinute: 1, onLimit: "error" } });
  const url = `${baseURL}/chat/completions`;
  await hf.fetch(url, post(TEXT));
  const refused = await hf.fetch(url, post(TEXT));
  const { error } = await refused.json();
  assert.deepEqual([refused.status, error.code, error.param, refused.headers.get("x-should-retry")], [429, "limit_exceeded", null, "false"]);
  const seconds = Number(refused.headers.get("retry-after"));
  assert.ok(seconds > 50 && seconds <= 61, String(seconds));
  const poor = client({ budget: { usd: 1e-9, per: "day" }, pricing: { inputPerMillion: 1, outputPerMillion: 1 } });
  const spent = await poor.fetch(url, post(TEXT));
  assert.deepEqual([spent.status, (await spent.json()).error.code, spent.headers.get("x-should-retry")], [429, "budget_exceeded", "false"]);
  assert.equal((await stats()).requests, 1);
  const rich = client({ budget: { usd: 1, per: "day" }, pricing: { inputPerMillion: 1, outputPerMillion: 1 } });
  await rich.fetch(url, post(TEXT));
  const { bodies } = await stats("closed");
  assert.ok(bodies[1].max_tokens > 0, "a budget bounds what it holds");
});

test("what was tried in vain is the server's own answer, marked as final", async () => {
  const body = '{"error": {"message":"all busy",  "code":"busy"}}';
  const { baseURL, client, closed } = scripted({ status: 503, text: body, contentType: "application/json", headers: { "x-own": "1" }, times: 3 }, { status: 400, text: "no hf_marker_of_this_test here" });
  const { list, onSettled } = settlementsOf();
  const hf = client({ apiKey: "hf_marker_of_this_test", retry: { maxAttempts: 3, baseDelay: 1 }, onSettled });
  const url = `${baseURL}/chat/completions`;
  const answer = await hf.fetch(url, post(STREAM));
  assert.deepEqual([answer.status, await answer.text(), answer.headers.get("x-own"), answer.headers.get("x-should-retry")], [503, body, "1", "false"]);
  const wrong = await hf.fetch(url, post(TEXT));
  assert.equal(wrong.status, 400);
  assert.match(await wrong.text(), /^no (?!hf_).* here$/);
  assert.equal((await closed()).requests, 4);
  assert.deepEqual(list.map(({ outcome, attempts }) => [outcome, attempts]), [["error", 3], ["error", 1]]);
});

const CUTS = { "cut short": [{ cut: "reset" }, "StreamTruncatedError"], "ended early": [{ cut: "end" }, "StreamTruncatedError"], stalled: [{}, "APIConnectionTimeoutError"] };
for (const [name, [cut, wanted]] of Object.entries(CUTS)) {
  test(`a stream that is ${name} fails its body`, async () => {
    const sent = frames(CHUNKS[0]);
    const step = name === "stalled" ? { sse: [sent], stallAfter: sent.length } : { sse: [sent], ...cut, cutAfter: sent.length };
    const { baseURL, client, closed } = scripted({ ...step, contentType: "text/event-stream" });
    const { list, onSettled } = settlementsOf();
    const hf = client({ onSettled, timeout: { idle: 300 } });
    const answer = await hf.fetch(`${baseURL}/chat/completions`, post(STREAM));
    const { items, error } = await drain(answer.body);
    assert.equal(Buffer.concat(items).toString(), sent);
    assert.ok(error instanceof hfetch[wanted], String(error));
    await closed();
    assert.deepEqual(list.map(({ outcome }) => outcome), [name === "stalled" ? "error" : "truncated"]);
  });
}

test("cancelling the body closes the socket and settles", async () => {
  const { baseURL, client, stats } = scripted({ sse: [frames(CHUNKS[0])], stallAfter: frames(CHUNKS[0]).length });
  const { list, onSettled } = settlementsOf();
  const answer = await client({ onSettled }).fetch(`${baseURL}/chat/completions`, post(STREAM));
  const reader = answer.body.getReader();
  await reader.read();
  await reader.cancel();
  assert.equal((await stats("closed")).open, 0);
  assert.deepEqual(list.map(({ outcome }) => outcome), ["aborted"]);
});

test("an abort looks as fetch's own does, wherever it comes", async () => {
  const held = frames(CHUNKS[0]);
  const { baseURL, client, stats } = scripted({ stallBeforeHeaders: true }, { sse: [held], stallAfter: held.length });
  const { list, onSettled } = settlementsOf();
  const hf = client({ onSettled });
  const url = `${baseURL}/chat/completions`;
  const looks = (error, name = "AbortError") => {
    assert.equal(error.name, name);
    assert.ok(error instanceof hfetch.APIUserAbortError);
  };
  const early = new AbortController();
  const never = hf.fetch(url, post(STREAM, { signal: early.signal }));
  await stats("requests:1");
  early.abort();
  looks(await failure(never));
  const late = new AbortController();
  const answer = await hf.fetch(new Request(url, post(STREAM, { signal: late.signal })));
  const reader = answer.body.getReader();
  await reader.read();
  late.abort();
  looks(await failure(reader.read()));
  looks(await failure(hf.fetch(url, post(STREAM, { signal: AbortSignal.abort() }))));
  looks(await failure(hf.fetch(url, post(STREAM, { signal: AbortSignal.abort(new DOMException("late", "TimeoutError")) }))), "TimeoutError");
  looks(await failure(hf.fetch(url, post(new ReadableStream({}), { signal: AbortSignal.timeout(20), duplex: "half" }))), "TimeoutError");
  assert.equal((await failure(hf.fetch(`${baseURL}/models`, { signal: AbortSignal.abort() }))).name, "AbortError");
  assert.equal((await stats("closed")).open, 0);
  assert.deepEqual(list.map(({ outcome }) => outcome), ["aborted", "aborted", "aborted", "aborted"]);
});

test("where there is no answer fetch rejects with the typed error, once for all tries", async () => {
  const { baseURL, client, stats } = scripted({ resetBeforeHeaders: true, times: 3 }, { stallBeforeHeaders: true, times: 9 });
  const hf = client({ retry: { maxAttempts: 3, baseDelay: 1 }, timeout: { headers: 300 } });
  const url = `${baseURL}/chat/completions`;
  const lost = await failure(hf.fetch(url, post(TEXT)));
  assert.ok(lost instanceof hfetch.APIConnectionError && lost.attempts === 3, String(lost));
  const late = await failure(hf.fetch(url, post(TEXT)));
  assert.ok(late instanceof hfetch.APIConnectionTimeoutError, String(late));
  assert.equal((await stats("closed")).requests, 4);
});

test("embeddings come as they were asked for", async () => {
  const { baseURL, client, stats } = scripted();
  const { list, onSettled } = settlementsOf();
  const hf = client({ onSettled });
  const url = `${baseURL}/embeddings`;
  const text = JSON.stringify({ input: ["a", "b"], model: "org/model", encoding_format: "base64", dimensions: 8 });
  const both = await (await hf.fetch(url, post(text))).json();
  assert.deepEqual(both.data.map(({ embedding }) => Buffer.from(embedding, "base64").length), [32, 32]);
  const many = Array.from({ length: 70 }, (_, at) => `text ${at}`);
  const all = await (await hf.fetch(url, post(JSON.stringify({ input: many, model: "org/model", encoding_format: "float" })))).json();
  assert.deepEqual([all.data.length, all.data[69].index, Array.isArray(all.data[69].embedding)], [70, 69, true]);
  assert.equal((await stats("closed")).requests, 4);
  assert.deepEqual(list.map(({ kind, outcome }) => [kind, outcome]), [["embeddings", "ok"], ["embeddings", "ok"]]);
});

test("withOptions shares the client's state, nests, and gives way to a call's own options", async () => {
  const { client, baseURL, stats } = scripted();
  const all = settlementsOf();
  const ones = settlementsOf();
  const hf = client({ onSettled: all.onSettled, limits: { requestsPerMinute: 3, onLimit: "error" } });
  const one = hf.withOptions({ metadata: "one", headers: { "x-a": "1", "x-b": "1" }, onSettled: ones.onSettled, timeout: { idle: 5_000 } });
  const two = one.withOptions({ headers: { "X-B": "2" } });
  assert.ok(two instanceof hfetch.HuggingFace);
  await two.chat.completions.create({ messages: PROMPT }, { headers: { "x-c": "3" }, timeout: 5_000 });
  await two.chat.completions.create({ messages: PROMPT }, { metadata: "mine" });
  await one.fetch(`${baseURL}/chat/completions`, post(TEXT));
  await assert.rejects(hf.chat.completions.create({ messages: PROMPT }), hfetch.LimitExceededError);
  const { headers } = await stats("closed");
  assert.deepEqual(headers.map((sent) => [sent["x-a"], sent["x-b"], sent["x-c"]]), [["1", "2", "3"], ["1", "2", undefined], ["1", "1", undefined]]);
  assert.deepEqual(all.list.map(({ metadata }) => metadata), ["one", "mine", "one", undefined]);
  assert.equal(ones.list.length, 3);
  // `readyAt` depends on the clock at each look.
  const counted = ({ keys, ...rest }) => ({ ...rest, keys: keys.map(({ readyAt: _, ...key }) => key) });
  assert.deepEqual(counted(hf.snapshot()), counted(two.snapshot()));
});

test("withOptions refuses what no call takes, at once", async () => {
  const hf = scripted().client();
  for (const [options, path] of [[{ colour: 1 }, "colour"], [{ timeout: -1 }, "timeout"], [{ headers: { authorization: "x" } }, "headers.authorization"], [{ signal: 1 }, "signal"], [{ onSettled: 1 }, "onSettled"]]) {
    assert.throws(() => hf.withOptions(options), (error) => error instanceof hfetch.ConfigError && String(error.path).startsWith(path));
  }
  assert.throws(() => hf.withOptions("x"), hfetch.ConfigError);
  assert.equal(hf.withOptions() instanceof hfetch.HuggingFace, true);
});

test("a default's signal and a call's own both end it", async () => {
  const { client, stats } = scripted({ stallBeforeHeaders: true, times: 3 });
  const [scope, own] = [new AbortController(), new AbortController()];
  const hf = client().withOptions({ signal: scope.signal });
  const first = hf.chat.completions.create({ messages: PROMPT }, { signal: own.signal });
  await stats("requests:1");
  own.abort();
  assert.ok((await failure(first)) instanceof hfetch.APIUserAbortError);
  const second = hf.chat.completions.create({ messages: PROMPT }, { signal: new AbortController().signal });
  await stats("requests:2");
  scope.abort();
  assert.ok((await failure(second)) instanceof hfetch.APIUserAbortError);
  assert.equal((await stats("closed")).open, 0);
});
