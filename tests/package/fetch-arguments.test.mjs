// How hf.fetch reads its arguments, and withOptions its options: whatever the platform's fetch accepts means the same here.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MODEL, PROMPT, failure, hfetch } from "./setting/installed.mjs";

const TEXT = JSON.stringify({ messages: PROMPT, model: MODEL });
const STREAM = TEXT.replace("{", '{"stream":true,');
const json = { "content-type": "application/json" };
const post = (body, more) => ({ method: "POST", headers: json, body, ...more });
const CHAT = "https://host.example/v1/chat/completions";
const OTHER = "https://host.example/v1/other";
const ANSWER = '{"choices":[{"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}';

/** A client whose requests are recorded, with what a server would read of their bodies. */
function watched(answer = () => new Response(ANSWER, { headers: json }), options = {}) {
  const sent = [];
  const settlements = [];
  const fetch = async (url, init) => {
    const { method, headers, body } = init;
    sent.push({ url, method, init, headers: new Headers(headers), text: await new Response(body).text() });
    return answer(init, sent.length);
  };
  const onSettled = (one) => settlements.push(one);
  return { hf: new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: "https://host.example/v1", model: MODEL, fetch, retry: false, onSettled, ...options }), sent, settlements };
}

const redirected = (status, location = "/v1/end") => (_, count) => (count === 1 ? new Response(null, { status, headers: { location } }) : new Response("end"));

test("what is given beside the address may be a Request, or of a class with getters", async () => {
  class Given {
    get method() { return "POST"; }
    get headers() { return json; }
    get body() { return TEXT; }
  }
  for (const url of [CHAT, OTHER]) {
    const { hf, sent, settlements } = watched();
    for (const init of [new Given(), new Request("https://elsewhere.example/", post(TEXT))]) assert.equal((await hf.fetch(url, init)).status, 200);
    assert.equal((await hf.fetch(new Request(url, post(TEXT)), { body: null })).status, 200);
    assert.deepEqual(sent.map((one) => [one.url, one.method, one.text, one.headers.get("content-type")]), Array(3).fill([url, "POST", TEXT, json["content-type"]]));
    assert.equal(settlements.length, url === CHAT ? 3 : 0);
  }
});

test("the body of a Request is read by the Request, whether or not it shows one", async () => {
  for (const url of [CHAT, OTHER]) {
    const { hf, sent } = watched();
    const asFirefox = { url, method: "POST", headers: new Headers(json), arrayBuffer: async () => new TextEncoder().encode(TEXT).buffer };
    assert.equal((await hf.fetch(asFirefox)).status, 200);
    const request = new Request(url, post(TEXT));
    assert.equal((await hf.fetch(request)).status, 200);
    assert.deepEqual(sent.map(({ text }) => text), [TEXT, TEXT]);
    assert.ok(request.bodyUsed && sent.every(({ init }) => typeof init.body?.getReader !== "function"));
    assert.ok((await failure(hf.fetch(request))) instanceof TypeError);
  }
});

test("what a runtime takes besides reaches it: a proxy's dispatcher, credentials", async () => {
  const { hf, sent } = watched();
  const dispatcher = {};
  for (const url of [CHAT, OTHER]) await hf.fetch(url, post(TEXT, { dispatcher, credentials: "include" }));
  assert.deepEqual(sent.map(({ init }) => [init.dispatcher === dispatcher, init.credentials]), [[true, "include"], [true, "include"]]);
});

test("redirects are followed as far as the body can be sent again, and refused where they are not wanted", async () => {
  const of = async (answer, url, init) => {
    const { hf, sent } = watched(answer);
    const status = await hf.fetch(url, init).then((response) => response.status, (error) => error.name);
    return [status, sent.length];
  };
  async function* parts() {
    yield new TextEncoder().encode("part");
  }
  assert.deepEqual(await of(redirected(301), OTHER, { method: "HEAD" }), [200, 2]);
  assert.deepEqual(await of(redirected(307), OTHER, post("text")), [200, 2]);
  assert.deepEqual(await of(redirected(307), OTHER, post(parts(), { duplex: "half" })), [307, 1]);
  for (const url of [CHAT, OTHER]) assert.deepEqual(await of(redirected(307), url, post(TEXT, { redirect: "error" })), ["TypeError", 1]);
  assert.deepEqual(await of(() => Object.defineProperty(new Response(), "type", { value: "opaqueredirect" }), OTHER, { redirect: "error" }), ["TypeError", 1]);
});

test("no redirect takes a request to where its key may not go", async () => {
  const places = ["https://evil.example/v1/x", "//evil.example/v1/x", "http://host.example/v1/x", "https://host.example:444/v1/x", "https://u@host.example/v1/x", "/v1/%2e%2e/x", "/v1/..%2fx", "\\\\evil.example\\v1", "/V1/x", "javascript:1", "https://evil.example/v1/chat/completions", "/v2/chat/completions"];
  for (const place of places) {
    for (const status of [301, 302, 303, 307, 308]) {
      for (const [url, init] of [[OTHER, {}], [OTHER, post("text")], [CHAT, post(TEXT)], [CHAT, post(STREAM)]]) {
        const { hf, sent } = watched(redirected(status, place));
        await hf.fetch(url, init).catch(() => {});
        assert.equal(sent.length, 1, `${place} by ${status}`);
      }
    }
  }
});

test("a stream whose status has no body ends at once, with one settlement", async () => {
  const { hf, settlements } = watched(() => new Response(null, { status: 204 }));
  assert.ok((await failure(hf.fetch(CHAT, post(STREAM)))) instanceof hfetch.HfetchError);
  assert.deepEqual(settlements.map(({ outcome }) => outcome), ["truncated"]);
  assert.equal(hf.snapshot().inFlight, 0);
});

test("an answer that doesn't call itself a stream of events ends without a reader", async () => {
  for (const body of ["<html>", '{"error":{"message":"no"}}']) {
    let settled;
    const told = new Promise((resolve) => (settled = resolve));
    const { hf } = watched(() => new Response(body, { headers: json }), { onSettled: settled });
    const answer = await hf.fetch(CHAT, post(STREAM));
    assert.equal((await told).outcome, "error");
    assert.ok((await failure(answer.text())) instanceof hfetch.HfetchError);
  }
});

test("no error holds a key that the request itself brought", async () => {
  const given = { authorization: "Bearer sk-of-the-caller-1234", "x-api-key": "xk-of-the-caller-5678" };
  const echo = JSON.stringify({ error: { message: `bad ${Object.values(given).join(" and ")}` } });
  const lost = () => Promise.reject(new TypeError(echo));
  for (const answer of [() => new Response(echo, { headers: json }), () => new Response(echo, { status: 401, headers: { "x-echo": given.authorization } }), lost]) {
    for (const body of [TEXT, STREAM]) {
      const { hf } = watched(answer, { apiKey: undefined });
      const told = await hf.fetch(CHAT, post(body, { headers: given })).then(async (one) => [[...one.headers], await one.text().catch(String)], (error) => [error.message, JSON.stringify(error), String(error.cause)]);
      assert.doesNotMatch(JSON.stringify(told), /of-the-caller/);
    }
  }
});

test("a request's own headers win over those of withOptions", async () => {
  const { hf, sent } = watched();
  await hf.withOptions({ headers: { "x-a": "1", "x-b": "1" } }).fetch(CHAT, post(TEXT, { headers: { ...json, "X-A": "2" } }));
  assert.deepEqual([sent[0].headers.get("x-a"), sent[0].headers.get("x-b"), sent[0].headers.get("authorization")], ["2", "1", "Bearer hf_test"]);
});

test("a server's refusal keeps the words of its status", async () => {
  const { hf } = watched(() => new Response("", { status: 503, statusText: "Service Unavailable" }));
  const { status, statusText } = await hf.fetch(CHAT, post(TEXT));
  assert.deepEqual([status, statusText], [503, "Service Unavailable"]);
});

test("the signal of withOptions ends what is no call as well, also where there is no AbortSignal.any", async (t) => {
  const never = ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { any } = AbortSignal;
  t.after(() => (AbortSignal.any = any));
  for (const [signal, given] of [[undefined, any], [new AbortController().signal, any], [new AbortController().signal, undefined]]) {
    AbortSignal.any = given;
    const scope = new AbortController();
    const { hf, sent } = watched(never);
    const asked = hf.withOptions({ signal: scope.signal }).fetch(OTHER, { signal });
    while (sent.length === 0) await new Promise(setImmediate);
    await new Promise(setImmediate);
    scope.abort();
    assert.equal((await failure(asked)).name, "AbortError");
  }
});

test("the signal of withOptions ends a tool at work", async () => {
  const call = { id: "a", type: "function", function: { name: "wait", arguments: "{}" } };
  const { hf } = watched(() => Response.json({ choices: [{ message: { role: "assistant", tool_calls: [call] }, finish_reason: "tool_calls" }] }));
  const scope = new AbortController();
  let told;
  const execute = (_, { signal }) => {
    told = signal;
    queueMicrotask(() => scope.abort());
    return new Promise(() => {});
  };
  const run = hf.withOptions({ signal: scope.signal }).chat.completions.runTools({ messages: PROMPT, tools: [{ name: "wait", parameters: { schema: { type: "object" } }, execute }] });
  assert.ok((await failure(run.final())) instanceof hfetch.APIUserAbortError);
  assert.equal(told.aborted, true);
});

test("what becomes of the options given to withOptions later is nothing to the client", async () => {
  const { hf, sent, settlements } = watched();
  const options = { metadata: "one", headers: { "x-a": "1" }, route: { models: ["org/other"] } };
  const made = hf.withOptions(options);
  Object.assign(options, { metadata: "two" });
  options.headers["x-a"] = "2";
  options.route.models.push("not a model");
  for (const one of [made, made.withOptions({ timeout: 5_000 })]) await one.chat.completions.create({ messages: PROMPT });
  assert.deepEqual(sent.map(({ headers }) => headers.get("x-a")), ["1", "1"]);
  assert.deepEqual(settlements.map(({ metadata }) => metadata), ["one", "one"]);
});

test("how often is tried stays the client's where a call says only how long to wait", async () => {
  const { hf, sent } = watched(() => new Response("", { status: 503 }));
  const often = hf.withOptions({ maxRetries: 3, retry: { baseDelay: 1 } });
  await failure(often.chat.completions.create({ messages: PROMPT }, { retry: { maxDelay: 2 } }));
  assert.equal(sent.length, 4);
  await failure(often.chat.completions.create({ messages: PROMPT }, { retry: { maxAttempts: 2 } }));
  await failure(often.chat.completions.create({ messages: PROMPT }, { retry: false }));
  assert.equal(sent.length, 4 + 2 + 1);
});

test("a base URL that platforms spell otherwise is known by the addresses that they ask", async () => {
  const rows = [
    ["http://127.1/v1", "http://127.0.0.1/v1"], ["http://0x7f.0.0.1:8080", "http://127.0.0.1:8080/v1"], ["https://Bücher.example/v1", "https://xn--bcher-kva.example/v1"],
    ["https://host.example:443/v1", "https://host.example/v1"], ["http://[0:0:0:0:0:0:0:1]:80/v1/", "http://[::1]/v1"], ["https://host.example/a/../té/v1", "https://host.example/t%C3%A9/v1"],
  ];
  for (const [baseURL, asked] of rows) {
    for (const given of [baseURL, asked]) {
      const { hf, sent, settlements } = watched(undefined, { baseURL });
      await hf.fetch(`${given.replace(/\/$/, "")}${given.endsWith("v1") || given.endsWith("/") ? "" : "/v1"}/chat/completions`, post(TEXT));
      await hf.chat.completions.create({ messages: PROMPT });
      assert.deepEqual(sent.map(({ url }) => url), Array(2).fill(`${asked}/chat/completions`), baseURL);
      assert.equal(settlements.length, 2, baseURL);
      assert.ok(sent.every(({ headers }) => headers.get("authorization") === "Bearer hf_test"), baseURL);
    }
  }
});

test("what is no call goes out with the client's own headers as well, among them the one that says whom it is billed to", async () => {
  const { hf, sent } = watched(undefined, { billTo: "org", headers: { "x-a": "1", "x-b": "1" } });
  await hf.fetch(OTHER, post(TEXT, { headers: { "X-B": "2" } }));
  await hf.fetch("https://elsewhere.example/v1/other", post(TEXT));
  assert.deepEqual(["x-hf-bill-to", "x-a", "x-b", "accept"].map((name) => sent[0].headers.get(name)), ["org", "1", "2", null]);
  assert.deepEqual(["x-hf-bill-to", "x-a", "authorization"].map((name) => sent[1].headers.get(name)), [null, null, null]);
});

test("a call to an address outside of the base URL goes out as it is, and is warned of once, without what may be secret in it", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const { hf, sent, settlements } = watched();
  await hf.fetch("https://elsewhere.example/v1/other", post(TEXT));
  assert.equal(warn.mock.callCount(), 0);
  for (const path of ["chat/completions", "embeddings"]) await hf.withOptions({ maxRetries: 0 }).fetch(`https://user:word@elsewhere.example/v1/${path}?key=secret`, post(TEXT));
  assert.deepEqual(sent.map(({ headers }) => headers.get("authorization")), [null, null, null]);
  assert.deepEqual(settlements, []);
  const told = warn.mock.calls.map(({ arguments: [text] }) => text);
  assert.equal(told.length, 1);
  assert.match(told[0], /^hfetch: .*https:\/\/elsewhere\.example\/v1\/chat\/completions, .*baseURL/);
  assert.doesNotMatch(told[0], /word|secret/);
});

test("a pause that the server asked for is a 429 for the library, as it was the first time", async () => {
  const agents = [{}, { "x-stainless-retry-count": "0" }, { "user-agent": "@huggingface/inference/4" }];
  for (const headers of agents) {
    const { hf, sent } = watched(() => new Response('{"error":{"message":"slow down"}}', { status: 429, headers: { "retry-after": "60" } }), { retry: { maxDelay: 1_000 } });
    const asked = () => hf.fetch(CHAT, post(TEXT, { headers: { ...json, ...headers } }));
    assert.equal((await asked()).status, 429);
    const again = await asked();
    assert.equal(sent.length, 1);
    assert.deepEqual([again.status, again.headers.get("x-should-retry")], [429, "false"]);
    assert.ok(["59", "60"].includes(again.headers.get("retry-after")), again.headers.get("retry-after"));
    const { error } = await again.json();
    assert.deepEqual([error.type, /pause/.test(error.message)], ["RateLimitError", true]);
  }
});

test("LangChain is told by the code after which it doesn't ask again, whatever failed; where it asks no more by itself the answer is the server's", async () => {
  const headers = { ...json, "user-agent": "langchainjs-openai/1.0.0 (node)", "x-stainless-retry-count": "0" };
  const lost = () => Promise.reject(new TypeError("lost"));
  const rows = [
    [() => new Response('{"error":{"message":"boom","code":"busy"}}', { status: 500, headers: { "x-request-id": "r1" } }), 500, "ECONNABORTED"], [() => new Response("no", { status: 422 }), 422, "ECONNABORTED"],
    [() => new Response("slow", { status: 429 }), 429, "ECONNABORTED"], [lost, 502, "ECONNABORTED"], [() => new Response('{"error":{"message":"bad","code":"worse"}}', { status: 400 }), 400, "worse"],
  ];
  for (const [answer, status, code] of rows) {
    const { hf } = watched(answer);
    const given = await hf.fetch(CHAT, post(TEXT, { headers }));
    const { error } = await given.json();
    assert.deepEqual([given.status, error.code, given.headers.get("x-should-retry")], [status, code, "false"]);
    assert.doesNotMatch(error.message, /^\d/);
    if (status === 500) assert.deepEqual([given.headers.get("x-request-id"), error.message, error.type], ["r1", "boom", "InternalServerError"]);
  }
});

test("a status that no response can have is no answer for a library either", async () => {
  for (const agent of [{}, { "x-stainless-retry-count": "0" }, { "user-agent": "langchainjs-openai/1.0.0" }]) {
    const odd = () => ({ status: 999, headers: new Headers(), body: null, arrayBuffer: async () => new ArrayBuffer(0), text: async () => "" });
    const { hf } = watched(odd);
    const told = await hf.fetch(CHAT, post(TEXT, { headers: { ...json, ...agent } })).then(({ status }) => status, (error) => error);
    assert.ok(told === 502 || told instanceof hfetch.HfetchError, String(told));
  }
});
