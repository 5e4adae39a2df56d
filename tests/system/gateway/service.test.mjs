// The handler with a stub in place of the model's server: who gets in, what is refused, and what the answers look like.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hfetch as errors } from "../../package/setting/installed.mjs";
import { indexOfDigest } from "../../../src/js/gateway/authorize.js";
import { runOn } from "../../../src/js/gateway/client.js";
import { Service } from "../../../src/js/gateway/service.js";
import { settings } from "../../../src/js/gateway/setting.js";
import { issueTicket } from "../../../src/js/gateway/ticket.js";

runOn(errors.HuggingFace, errors.internals);

const KEY = "a-client-key";
const SECRET = "a-ticket-secret-of-some-length-01";
const HOST = "https://gw.example";
const TICKETS = { ticketSecret: SECRET, url: HOST };
const BODY = { model: "org/name", messages: [{ role: "user", content: "hi" }] };

const SETTLEMENT = {
  outcome: "ok", kind: "chat", model: "org/name", provider: "groq", key: "huggingface-1f3a", finishReason: "stop", usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7, source: "reported" },
  cost: { usd: 0.25, source: "live" }, attempts: 1, requestId: "Root=1", firstTokenMs: 5, durationMs: 9,
};

const CATALOGUE = JSON.stringify({
  object: "list",
  data: [{ id: "org/name" }, { id: "other/name" }, { id: "gpt-oss" }, { id: "exact/name", providers: [{ provider: "groq" }, { provider: "novita" }] }],
});

/** A service whose model's server is `answer`, with the requests it got, the log, and the work that goes on after its answers. */
function serve(options = {}, answer = {}) {
  const seen = { calls: [], lines: [], work: [] };
  const upstream = (kind) => (text, request) => {
    seen.calls.push({ kind, text, body: JSON.parse(text), ...request });
    const given = typeof answer === "function" ? answer() : answer;
    const work = (async () => {
      if (given instanceof Error) throw given;
      request.onSettled(SETTLEMENT);
      return { status: given.status ?? 200, headers: new Headers({ "content-type": "application/json", ...given.headers }), quotas: given.quotas, body: given.body ?? "{}" };
    })();
    return { answer: work, settled: work.catch(() => {}).then(() => SETTLEMENT) };
  };
  const models = async () => {
    seen.calls.push({ kind: "models" });
    return { body: new TextEncoder().encode(answer.catalogue ?? CATALOGUE) };
  };
  const service = new Service(settings({ clientKeys: [KEY], ...options }, {}), { chat: upstream("chat"), responses: upstream("responses"), embeddings: upstream("embeddings"), models });
  const ctx = { waitUntil: (promise) => seen.work.push(promise) };
  const ask = async (path, { method = "GET", headers = {}, key = KEY, ...init } = {}) => {
    const log = console.log;
    console.log = (line) => seen.lines.push(JSON.parse(line));
    try {
      const authorization = key === null ? {} : { authorization: `Bearer ${key}` };
      const response = await service.fetch(new Request(HOST + path, { method, headers: { ...authorization, ...headers }, ...init }), { VAR: "x" }, ctx);
      await Promise.all(seen.work);
      return response;
    } finally {
      console.log = log;
    }
  };
  const post = (body, { path = "/v1/chat/completions", ...init } = {}) => ask(path, { method: "POST", body: typeof body === "object" && !(body instanceof ReadableStream) ? JSON.stringify(body) : body, ...init });
  return { ask, post, seen };
}

async function refused(response, status, code) {
  const { error, ...rest } = await response.json();
  assert.deepEqual([response.status, error.code], [status, code]);
  assert.deepEqual([Object.keys(error), rest], [["message", "type", "code", "param"], {}]);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.ok(response.headers.get("x-request-id"));
  return error;
}

test("paths are taken as they stand", async () => {
  const { ask, seen } = serve();
  const paths = [
    "/", "/v1", "/v1/", "/v1/chat",
    "/v1/chat%2Fcompletions", "/v1/models/..%2f..", "/v1/models/a%2f%2e%2e", "/v1/models/a//b", "/v1/models/a%00b", "/v1/models/.a", "/v1/models/a%252fb",
    "/v1/models/a;b", "/v1/models/a%3Fb", "/v1/models/a%23", "/constructor", "/__proto__", "/v1/chat/completions%00", "/v1/responses/resp_1",
  ];
  for (const path of paths) assert.equal((await refused(await ask(path), 404, "not_found")).message, "There is nothing at this path.", path);
  assert.equal(seen.calls.length, 0);
  // The URL parser itself resolves dots, so the result is a path like any other.
  assert.equal((await ask("/v1/x/../models")).status, 200);
  assert.equal((await ask("/v1/models?query=ignored#fragment")).status, 200);
  assert.equal(seen.calls.length, 1);
});

test("a path that is nearly one says which is meant, to a page too", async () => {
  const { ask, seen } = serve({ origins: ["https://app.example"] });
  for (const [path, meant] of Object.entries({
    "/chat/completions": "/v1/chat/completions", "/v1/chat/completions/": "/v1/chat/completions", "//v1/chat/completions": "/v1/chat/completions", "/v1//chat/completions": "/v1/chat/completions",
    "/v1/v1/chat/completions": "/v1/chat/completions", "/openai/v1/chat/completions": "/v1/chat/completions", "/embeddings": "/v1/embeddings", "/v1/embeddings//": "/v1/embeddings", "/responses/": "/v1/responses",
    "/V1/models": "/v1/models", "/models": "/v1/models", "/v1/models/": "/v1/models", "/x/v1/models": "/v1/models", "/healthz/": "/healthz",
  })) {
    for (const key of [KEY, null]) {
      const response = await ask(path, { key, headers: { origin: "https://app.example" } });
      assert.match((await refused(response, 404, "not_found")).message, new RegExp(`: ${meant} is meant\\.`), path);
      assert.equal(response.headers.get("access-control-allow-origin"), "https://app.example");
    }
    const asks = { origin: "https://app.example", "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type" };
    const before = await ask(path, { method: "OPTIONS", key: null, headers: asks });
    assert.deepEqual([before.status, before.headers.get("access-control-allow-origin"), before.headers.get("access-control-allow-headers")], [204, "https://app.example", "authorization,content-type"], path);
    assert.match(before.headers.get("access-control-allow-methods"), /POST/);
  }
  await refused(await ask("/nowhere", { method: "OPTIONS", key: null, headers: { origin: "https://evil.example" } }), 403, "origin_not_allowed");
  assert.equal(seen.calls.length, 0);
});

test("a model is retrieved by whatever id a server gives it, from the list", async () => {
  const ids = ["org/name", "gpt-oss", "llama3.1:8b", "hf.co/org/name:Q4_K_M", "@cf/meta/llama-3.1-8b-instruct", "ft:gpt-4o:org::id", "a/b/c/d", "org/name+lora"];
  const { ask, seen } = serve({}, { catalogue: JSON.stringify({ data: ids.map((id) => ({ id })) }) });
  for (const id of ids) {
    for (const path of [id, encodeURIComponent(id), id.replaceAll("/", "%2f")]) {
      const response = await ask(`/v1/models/${path}`);
      assert.deepEqual([response.status, response.status === 200 && (await response.json()).id], [200, id], path);
    }
  }
  for (const id of ["org", "name", "org/name/more", "@evil", "llama3.1", "llama3.1:8c"]) await refused(await ask(`/v1/models/${id}`), 404, "model_not_found");
  assert.equal(seen.calls.length, 1);
});

test("a method that does not fit is told which do", async () => {
  const { ask } = serve();
  for (const [method, path, allow] of [
    ["GET", "/v1/chat/completions", "POST, OPTIONS"], ["PUT", "/v1/embeddings", "POST, OPTIONS"], ["DELETE", "/v1/models", "GET, OPTIONS"],
    ["POST", "/v1/models/a/b", "GET, OPTIONS"], ["GET", "/v1/responses", "POST, OPTIONS"], ["HEAD", "/v1/models", "GET, OPTIONS"], ["POST", "/healthz", "GET, HEAD, OPTIONS"], ["PATCH", "/healthz", "GET, HEAD, OPTIONS"],
  ]) {
    const response = await ask(path, { method });
    assert.equal(response.headers.get("allow"), allow, `${method} ${path}`);
    if (method === "HEAD") assert.deepEqual([response.status, await response.text()], [405, ""]);
    else await refused(response, 405, "method_not_allowed");
  }
});

test("health needs no key", async () => {
  const { ask } = serve();
  const response = await ask("/healthz", { key: null });
  assert.deepEqual([response.status, await response.json()], [200, { status: "ok" }]);
  const head = await ask("/healthz", { key: null, method: "HEAD" });
  assert.deepEqual([head.status, await head.text(), head.headers.get("content-type")], [200, "", "application/json"]);
});

test("who has no key, or another, is not let in and nothing is sent", async () => {
  const { ask, post, seen } = serve({ clientKeys: [KEY, "another-key"], ...TICKETS });
  const keys = ["", "x", KEY.slice(0, -1), `${KEY}x`, KEY.toUpperCase(), `${KEY} ${KEY}`, "a-client-key,another-key", "undefined", "hft1.", "hft1.e30.AAAA", "[object Object]"];
  await refused(await ask("/v1/models", { key: null }), 401, "missing_api_key");
  for (const headers of [{ authorization: KEY }, { authorization: `Basic ${btoa(KEY)}` }, { "x-api-key": KEY }]) await refused(await ask("/v1/models", { key: null, headers }), 401, "missing_api_key");
  for (const key of keys) {
    const response = await post(BODY, { key });
    assert.equal(response.headers.get("www-authenticate"), "Bearer");
    assert.equal(response.status, 401, key);
    assert.ok(!(await response.text()).includes("a-client"), key);
  }
  assert.equal(seen.calls.length, 0);
  for (const key of [KEY, "another-key"]) assert.equal((await ask("/v1/models", { key })).status, 200);
  assert.equal((await ask("/v1/models", { key: null, headers: { authorization: `bearer  ${KEY}` } })).status, 200, "the scheme's name has no case");
});

test("every byte of every known key is looked at, wherever the presented one differs", () => {
  const bytes = (last) => Uint8Array.from({ length: 32 }, (_, at) => (at === 31 ? last : at));
  const looks = [];
  const watched = [bytes(1), bytes(2), bytes(3)].map((digest, key) =>
    new Proxy(digest, {
      get(target, name) {
        if (/^\d+$/.test(name)) looks.push(`${key}:${name}`);
        return target[name];
      },
    }),
  );
  const all = Array.from({ length: 96 }, (_, at) => `${Math.floor(at / 32)}:${at % 32}`);
  const other = bytes(1);
  other[0] = 255;
  for (const [presented, index] of [[bytes(1), 0], [bytes(2), 1], [bytes(3), 2], [bytes(4), -1], [other, -1], [new Uint8Array(32).fill(77), -1]]) {
    looks.length = 0;
    assert.equal(indexOfDigest(presented, watched), index);
    assert.deepEqual(looks, all);
  }
});

test("keys and signatures are never compared as they are: digests of one length, and the platform's verify()", async (t) => {
  const { post } = serve({ clientKeys: [KEY, "another-key"], ...TICKETS });
  const digest = t.mock.method(crypto.subtle, "digest");
  const verify = t.mock.method(crypto.subtle, "verify");
  await post(BODY);
  const first = digest.mock.callCount();
  for (const key of ["x", KEY.slice(0, -1), `${KEY}x`, "y".repeat(500)]) assert.equal((await post(BODY, { key })).status, 401);
  assert.deepEqual([first, digest.mock.callCount()], [3, 7], "each key once, then one for each request");
  const ticket = await issueTicket(SECRET, { client: "page", expiresIn: 60_000, audience: HOST });
  const at = ticket.lastIndexOf(".") + 1;
  const forged = [at, at + 20, at + 41].map((place) => ticket.slice(0, place) + (ticket[place] === "A" ? "B" : "A") + ticket.slice(place + 1));
  for (const key of forged) assert.equal((await post(BODY, { key })).status, 401);
  assert.deepEqual(verify.mock.calls.map(({ arguments: [, , mac] }) => mac.length), [32, 32, 32]);
});

test("a key's client has a name of its own, which is not the key", async () => {
  const { post, seen } = serve({ clientKeys: ["one-key", "other-key"], clientLimits: { requestsPerMinute: 9 } });
  for (const key of ["one-key", "other-key", "one-key"]) await post(BODY, { key });
  const [one, other, again] = seen.calls.map(({ parts }) => parts[0].scope);
  assert.match(one, /^client:key-[\da-f]{8}$/);
  assert.deepEqual([one === other, one === again], [false, true]);
});

test("a ticket brings its client and its limits; what its client may in all stays", async () => {
  const { post, seen } = serve({ ...TICKETS, clientLimits: { requestsPerMinute: 100 }, limits: { tokensPerMinute: 5 } });
  const ticket = await issueTicket(SECRET, { client: "page", expiresIn: 60_000, audience: HOST, limits: { requestsPerMinute: 2, onLimit: "wait" } });
  assert.equal((await post(BODY, { key: ticket })).status, 200);
  const [{ parts, metadata }] = seen.calls;
  assert.deepEqual(parts.map(({ scope, limits }) => [scope.replace(/:[\da-f-]{36}$/, ":<id>"), limits]), [
    ["client:page", { requestsPerMinute: 100 }], ["ticket:<id>", { requestsPerMinute: 2 }], ["gateway", { tokensPerMinute: 5 }],
  ]);
  assert.equal(metadata.client, "page");
});

test("a ticket is refused by its reason", async () => {
  const { post } = serve(TICKETS);
  const issue = (ticket, now) => issueTicket(SECRET, { client: "page", expiresIn: 1_000, audience: HOST, ...ticket }, now);
  await refused(await post(BODY, { key: await issue({}, Date.now() - 1_001) }), 401, "ticket_expired");
  await refused(await post(BODY, { key: await issue({ audience: "https://other.example" }) }), 401, "invalid_ticket");
  await refused(await post(BODY, { key: await issueTicket(`${SECRET}2`, { client: "page", expiresIn: 1_000, audience: HOST }) }), 401, "invalid_ticket");
  for (const audience of [HOST, `${HOST}/v1`, "HTTPS://GW.example:443/"]) assert.equal((await post(BODY, { key: await issue({ audience }) })).status, 200, audience);
  for (const audience of [undefined, "gw.example", "http://gw.example", `${HOST}.evil.example`]) await refused(await post(BODY, { key: await issue({ audience }) }), 401, "invalid_ticket");
  const named = serve({ ...TICKETS, audience: "my gateway" });
  assert.equal((await named.post(BODY, { key: await issue({ audience: "my gateway" }) })).status, 200);
  await refused(await named.post(BODY, { key: await issue({ audience: HOST }) }), 401, "invalid_ticket");
  await refused(await named.post(BODY, { key: await issue({ audience: undefined }) }), 401, "invalid_ticket");
});

test("which gateway a ticket is for is what its operator has named, not what a request says", async () => {
  const away = serve({ ...TICKETS, url: "https://other.example" });
  const ticket = (audience) => issueTicket(SECRET, { client: "page", expiresIn: 1_000, audience });
  // The requests themselves arrive at gw.example.
  await refused(await away.post(BODY, { key: await ticket(HOST), headers: { host: "gw.example", "x-forwarded-host": "gw.example" } }), 401, "invalid_ticket");
  assert.equal((await away.post(BODY, { key: await ticket("https://other.example") })).status, 200);
  await refused(await away.post(BODY, { key: await ticket() }), 401, "invalid_ticket");
});

test("a gateway that nobody has named takes tickets that name none, wherever a request says that it goes", async () => {
  const { url: _, audience: __, ...unnamed } = TICKETS;
  const { post } = serve(unnamed);
  const ticket = (audience) => issueTicket(SECRET, { client: "page", expiresIn: 1_000, audience });
  assert.equal((await post(BODY, { key: await ticket() })).status, 200);
  for (const audience of [HOST, "gw.example", "null", "undefined"]) await refused(await post(BODY, { key: await ticket(audience) }), 401, "invalid_ticket");
});

test("what a genuine ticket says is checked like anybody's word, and what is wrong is named", async () => {
  const { post, seen } = serve(TICKETS);
  const sign = async (payload) => {
    const encode = (bytes) => Buffer.from(bytes).toString("base64url");
    const signed = `hft1.${encode(typeof payload === "string" ? payload : JSON.stringify(payload))}`;
    const key = await crypto.subtle.importKey("raw", Buffer.from(SECRET), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return `${signed}.${encode(await crypto.subtle.sign("HMAC", key, Buffer.from(signed)))}`;
  };
  const fine = { id: "t1", client: "ann", expires: Date.now() + 60_000, audience: HOST };
  assert.equal((await post(BODY, { key: await sign({ ...fine, limits: { requestsPerMinute: 5 } }) })).status, 200);
  for (const [wrong, names] of [
    [{ limits: { requestsPerMinute: "5" } }, "limits.requestsPerMinute"], [{ limits: { tokensPerMinute: -1 } }, "limits.tokensPerMinute"], [{ limits: { maxConcurrent: null } }, "limits.maxConcurrent"],
    [{ limits: { requestsPerMonth: 1.5 } }, "limits.requestsPerMonth"], [{ limits: { perMinute: 5 } }, "limits.perMinute"], [{ limits: { toString: 5 } }, "limits.toString"], [{ limits: [5] }, "limits"], [{ limits: null }, "limits"],
    [{ client: 7 }, "client"], [{ client: "" }, "client"], [{ id: undefined }, "id"], [{ expires: "never" }, "expires"], [{ expires: null }, "expires"],
  ]) {
    const { message } = await refused(await post(BODY, { key: await sign({ ...fine, ...wrong }) }), 401, "invalid_ticket");
    assert.ok(message.includes(`: ${names}: `), message);
  }
  for (const payload of ["no JSON", "null", "7", "[]", JSON.stringify({ ...fine, limits: 0 }).replace("0}", '{"__proto__":{"requestsPerMinute":5}}}')]) await refused(await post(BODY, { key: await sign(payload) }), 401, "invalid_ticket");
  assert.equal(seen.calls.length, 1);
});

test("the operator's own function decides alone", async () => {
  const authorize = async (request, env) => {
    const user = request.headers.get("x-user");
    if (user === "boom") throw new Error(`no database at ${SECRET}`);
    if (user === "redirect") return new Response("pay first", { status: 402, headers: { "x-why": "bill" } });
    if (user === "nobody") return null;
    if (user === "nameless") return { client: "" };
    if (user === "wrong") return { client: "a", limits: { requests: 1 } };
    return { client: `${user}@${env.VAR}`, limits: { requestsPerMinute: 3 }, budget: { usd: 1, per: "day" } };
  };
  const { post, seen } = serve({ authorize, clientLimits: { requestsPerMinute: 100 }, origins: ["https://app.example"] });
  const as = (user) => post(BODY, { key: null, headers: { "x-user": user, origin: "https://app.example" } });
  assert.equal((await as("ann")).status, 200);
  assert.deepEqual(seen.calls[0].parts, [{ scope: "client:ann@x", limits: { requestsPerMinute: 3 }, budget: { usd: 1, per: "day" } }]);
  const own = await as("redirect");
  assert.deepEqual([own.status, await own.text(), own.headers.get("x-why"), own.headers.get("access-control-allow-origin")], [402, "pay first", "bill", "https://app.example"]);
  await refused(await as("nobody"), 401, "invalid_api_key");
  for (const user of ["boom", "nameless", "wrong"]) assert.equal((await refused(await as(user), 500, "internal_error")).message, "The gateway failed.");
  assert.equal(seen.calls.length, 1);
  await refused(await post(BODY, { key: KEY, headers: { "x-user": "nobody" } }), 401, "invalid_api_key");
});

test("pages of allowed origins may read what they need, others may not even ask", async () => {
  const { ask, post, seen } = serve({ origins: ["https://app.example"] });
  const from = (origin) => ({ headers: { origin } });
  const response = await post(BODY, from("https://app.example"));
  assert.equal(response.headers.get("access-control-allow-origin"), "https://app.example");
  const exposed = response.headers.get("access-control-expose-headers").toLowerCase().split(", ");
  for (const name of ["retry-after", "ratelimit", "ratelimit-policy", "x-request-id"]) assert.ok(exposed.includes(name), name);
  assert.match(response.headers.get("vary"), /Origin/);
  assert.equal((await post(BODY, from(HOST))).status, 200, "the gateway's own pages");
  assert.equal((await post(BODY)).headers.get("access-control-allow-origin"), null);
  const unread = await post(BODY, { key: "wrong", ...from("https://app.example") });
  assert.deepEqual([unread.status, unread.headers.get("access-control-allow-origin")], [401, "https://app.example"], "refusals are readable too");
  const calls = seen.calls.length;
  for (const origin of ["https://app.example.evil", "http://app.example", "https://app.example:444", "null", "https://evil.example"]) {
    const foreign = await post(BODY, from(origin));
    assert.equal(foreign.headers.get("access-control-allow-origin"), null, origin);
    await refused(foreign, 403, "origin_not_allowed");
    assert.equal(seen.lines.at(-1).detail, `GATEWAY_ORIGINS doesn't list ${origin}`, "the log says which");
    assert.equal((await ask("/v1/models", { method: "OPTIONS", ...from(origin) })).headers.get("access-control-allow-origin"), null);
  }
  assert.equal(seen.calls.length, calls);
  assert.equal((await serve({ origins: ["*"] }).post(BODY, from("https://any.example"))).headers.get("access-control-allow-origin"), "*");
});

test("a preflight is answered without a key, with the headers that were asked for", async () => {
  const { ask, seen } = serve({ origins: ["https://app.example"] });
  const asked = "authorization,content-type,x-stainless-os";
  const headers = { origin: "https://app.example", "access-control-request-method": "POST", "access-control-request-headers": asked };
  const response = await ask("/v1/chat/completions", { method: "OPTIONS", key: null, headers });
  assert.equal(response.status, 204);
  assert.deepEqual(
    ["allow-origin", "allow-methods", "allow-headers"].map((name) => response.headers.get(`access-control-${name}`)),
    ["https://app.example", "POST, OPTIONS", asked],
  );
  const odd = await ask("/v1/models", { method: "OPTIONS", key: null, headers: { ...headers, "access-control-request-headers": "a, b c; d" } });
  assert.equal(odd.headers.get("access-control-allow-headers"), null);
  const plain = await ask("/v1/models", { method: "OPTIONS", key: null });
  assert.deepEqual([plain.status, plain.headers.get("allow"), plain.headers.get("access-control-allow-methods")], [204, "GET, OPTIONS", null]);
  assert.equal(seen.calls.length, 0);
});

test("only models on the list are served and shown", async () => {
  const { ask, post, seen } = serve({ models: ["org/*", "exact/name:groq", "a.b/c+d"] });
  for (const model of ["org/name", "org/", "exact/name:groq", "a.b/c+d"]) assert.equal((await post({ ...BODY, model })).status, 200, model);
  const denied = ["other/name", "org/name:groq", "org/name/more", "xorg/name", "exact/name", "exact/name:groqq", "ORG/name", "a-b/c+d", "aXb/ccd", "huggingface:org/name", "org/name\n", ""];
  for (const model of denied) await refused(await post({ ...BODY, model }), 403, "model_not_allowed");
  await refused(await post({ model: "other/name", input: "x" }, { path: "/v1/embeddings" }), 403, "model_not_allowed");
  assert.deepEqual(await (await ask("/v1/models")).json(), { object: "list", data: [{ id: "org/name", object: "model" }, { id: "exact/name", providers: [{ provider: "groq" }], object: "model" }] });
  await refused(await ask("/v1/models/other/name"), 404, "model_not_found");
  assert.ok(seen.calls.every(({ kind, body }) => kind === "models" || !denied.includes(body.model)));
});

test("models named beside the one that is asked for are held against the list as well", async () => {
  const { post, seen } = serve({ models: ["org/*"] });
  for (const [member, value] of Object.entries({
    models: ["org/name", "evil/name"], fallbacks: [{ model: "evil/name", messages: [] }], context_window_fallbacks: [{ "org/name": ["evil/name"] }], preset: "mine", reasoning_model: "evil/name",
    plugins: [{ id: "auto-router", allowed_models: ["evil/*"] }], providerOptions: { gateway: { models: ["org/name", "evil/name"] } }, extra_body: { fallbacks: "evil/name" },
    compound_custom: { models: { answering_model: "evil/name" } }, provider: { a: [[[{ model: "x".repeat(300) }]]] },
  })) {
    assert.equal((await refused(await post({ ...BODY, [member]: value }), 403, "model_not_allowed")).param, member);
  }
  const hidden = '{"model":"org/name","messages":[],"provider":{"models":["evil/name"],"models":["org/one"]},"seed":1}';
  assert.equal((await post(hidden)).status, 200);
  assert.deepEqual(seen.calls.at(-1).body, { model: "org/name", messages: [], provider: { models: ["org/one"] }, seed: 1 });
  assert.equal((await post(`{"model":"org/name","messages":[],"provider":${'{"a":'.repeat(500)}"evil/name"${"}".repeat(500)}}`)).status, 200, "a name of nothing");
  await refused(await post(`{"model":"org/name","messages":[],"provider":${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}}`), 400, "invalid_json");
  for (const last of ["null", "1", "[]", "{}"]) {
    assert.equal((await post(`{"model":"org/name","messages":[],"models":["evil/name"],"models":${last}}`)).status, 200);
    assert.equal(seen.calls.at(-1).text, `{"model":"org/name","messages":[],"models":${last}}`, "of two members of one name the one that was looked at");
  }
  // The text for the model may mention models in any way.
  const free = { messages: [{ role: "user", content: "x", model: "evil/name" }], tools: [{ function: { parameters: { properties: { model: { type: "string" } } } } }], metadata: { model: "evil/name" }, models: ["org/one"], provider: { order: ["groq"] } };
  assert.equal((await post({ ...BODY, ...free })).status, 200);
  assert.equal((await serve().post({ ...BODY, models: ["evil/name"] })).status, 200, "without a list");
});

test("a model goes by no other name, and a budget by the price of one", async () => {
  const { post } = serve({ models: ["org/*"] });
  for (const member of ["Model", "model_name", "modelName", "model_id", "engine", "engine_id", "deployment_id", "Models", "Fallbacks"]) {
    assert.equal((await refused(await post({ ...BODY, [member]: "evil/name" }), 403, "model_not_allowed")).param, member);
    assert.equal((await post({ ...BODY, [member]: "org/one" })).status, 200, member);
  }
  for (const holder of ["Extra_Body", "options", "parameters", "nobody_knows_me"]) {
    await refused(await post({ ...BODY, [holder]: { deep: [{ model: "evil/name" }] } }), 403, "model_not_allowed");
  }
  const spending = serve({ models: ["org/*"], budget: { usd: 1, per: "day" } });
  for (const [member, value] of [["engine", "org/dear"], ["models", ["org/name", "org/dear"]], ["extra_body", { model: "org/dear" }]]) {
    assert.equal((await refused(await spending.post({ ...BODY, [member]: value }), 400, "unsupported_parameter")).param, member);
  }
  assert.equal((await spending.post({ ...BODY, models: ["org/name"] })).status, 200);
  await refused(await serve({ budget: { usd: 1, per: "day" } }).post({ ...BODY, engine: "org/dear" }), 400, "unsupported_parameter");
});

test("members that nobody here knows pass, or are refused where that is asked for", async () => {
  const strange = [{ nobody_knows_me: 1 }, { Temperature: 1 }, { extra_body: {} }, { options: { a: 1 } }];
  const refuses = serve({ unknownMembers: "refuse" });
  for (const given of strange) {
    assert.equal((await serve().post({ ...BODY, ...given })).status, 200);
    assert.equal((await refused(await refuses.post({ ...BODY, ...given }), 400, "unknown_parameter")).param, Object.keys(given)[0]);
  }
  const known = { stream: true, temperature: 1, tools: [], response_format: { type: "text" }, chat_template_kwargs: { a: 1 }, top_k: 4, max_tokens: 5, functions: [] };
  assert.equal((await refuses.post({ ...BODY, ...known })).status, 200);
  assert.equal((await refuses.post({ model: "org/name", input: "x", instructions: "y", max_output_tokens: 5 }, { path: "/v1/responses" })).status, 200);
  assert.equal((await refuses.post({ model: "org/name", input: "x", dimensions: 5 }, { path: "/v1/embeddings" })).status, 200);
  await refused(await refuses.post({ model: "org/name", input: "x", messages: [] }, { path: "/v1/embeddings" }), 400, "unknown_parameter");
});

test("the catalogue is asked for once a minute, however many ask, and for no model that is not in it", async () => {
  const { ask, seen } = serve();
  const paths = ["/v1/models", "/v1/models", "/v1/models/org/name", "/v1/models/org/name", ...Array.from({ length: 20 }, (_, at) => `/v1/models/made/up-${at}`)];
  const statuses = [];
  for (const path of paths) statuses.push((await ask(path)).status);
  assert.deepEqual(statuses, [200, 200, 200, 200, ...Array(20).fill(404)]);
  assert.equal(seen.calls.length, 1);
});

test("a catalogue of any shape is a list of what is allowed, and nothing else of it leaves", async () => {
  const llama = { name: "/models/secret.gguf", model: "/models/secret.gguf", details: { parent_model: "" } };
  const shapes = {
    "a bare list": [{ id: "org/one" }, { id: "evil/two" }],
    "a bare list of names": ["org/one", "evil/two"],
    "members beside data": { object: "list", models: [llama], data: [{ id: "org/one", root: "/data/models/one", permission: [{ id: "evil/two" }], parent: "evil/two", meta: { file: "C:\\models\\secret.gguf", paths: ["/secret"], n_ctx: 4096 } }, { id: "evil/two" }], next: "/secret" },
    "models alone": { models: [{ name: "org/one", model: "org/one" }, llama] },
    "entries that are none": { data: [null, 7, [], { id: 7 }, { id: "" }, { id: "org/one" }] },
  };
  for (const [name, catalogue] of Object.entries(shapes)) {
    const { ask } = serve({ models: ["org/*"] }, { catalogue: JSON.stringify(catalogue) });
    const text = await (await ask("/v1/models")).text();
    const { object, data, ...more } = JSON.parse(text);
    assert.deepEqual([object, data.map(({ id }) => id), more], ["list", ["org/one"], {}], name);
    assert.ok(!/secret|evil|\/data/.test(text), `${name}: ${text}`);
    assert.equal((await (await ask("/v1/models/org/one")).json()).id, "org/one", name);
    await refused(await ask("/v1/models/evil/two"), 404, "model_not_found");
  }
  const { ask } = serve({ models: ["org/*"] }, { catalogue: JSON.stringify(shapes["members beside data"]) });
  assert.deepEqual(await (await ask("/v1/models/org/one")).json(), { id: "org/one", meta: { paths: [], n_ctx: 4096 }, object: "model" });
});

test("a catalogue that is none is no leak", async () => {
  for (const catalogue of ["", "<html>", "7", "null", '"secret"', '{"data":7}', '{"error":"secret"}']) {
    await refused(await serve({ models: ["org/*"] }, { catalogue }).ask("/v1/models"), 502, "upstream_invalid");
  }
});

test("caps hold whatever the body says", async () => {
  const { post, seen } = serve({ caps: { maxTokens: 100, n: 2, messages: 3 } });
  const message = { role: "user", content: "x" };
  const over = [{ max_tokens: 101 }, { max_completion_tokens: 101 }, { max_tokens: 1, max_completion_tokens: 1e9 }, { max_tokens: 1e300 }, { max_tokens: -1 }, { max_completion_tokens: -1 }, { n: 3 }, { messages: Array(4).fill(message) }];
  for (const more of over) assert.equal((await refused(await post({ ...BODY, ...more }), 400, "cap_exceeded")).param, Object.keys(more).at(-1));
  for (const more of [{ max_tokens: "101" }, { max_tokens: -2 }, { max_tokens: 0 }, { max_tokens: 1.5 }, { max_tokens: [1] }, { n: "1" }, { n: 0 }, { max_completion_tokens: {} }]) await refused(await post({ ...BODY, ...more }), 400, "invalid_type");
  assert.equal(seen.calls.length, 0);
  for (const more of [{}, { max_tokens: null }, { max_tokens: 7, n: 2 }, { max_completion_tokens: 9 }, { max_tokens: 5, max_completion_tokens: 9 }]) {
    await post({ ...BODY, ...more });
    const { body, maxTokens } = seen.calls.at(-1);
    assert.deepEqual([body, maxTokens], [{ ...BODY, ...more }, 100]);
  }
});

test("no maximum is no mistake where there is no cap", async () => {
  const { post, seen } = serve();
  const bodies = [{ max_tokens: -1 }, { max_tokens: null }, { max_completion_tokens: -1, n: null }].map((more) => ({ ...BODY, ...more }));
  for (const body of bodies) assert.equal((await post(body)).status, 200);
  assert.deepEqual(seen.calls.map(({ body, maxTokens }) => [body, maxTokens]), bodies.map((body) => [body, undefined]));
});

test("a request of the Responses API is held against the same list and caps", async () => {
  const { post, seen } = serve({ models: ["org/*"], caps: { maxTokens: 100, messages: 2 }, clientLimits: { requestsPerMinute: 9 } });
  const respond = (more) => post({ model: "org/name", input: "hi", ...more }, { path: "/v1/responses" });
  const item = { role: "user", content: "hi" };
  for (const [more, status, code, param] of [
    [{ max_output_tokens: 101 }, 400, "cap_exceeded", "max_output_tokens"], [{ max_output_tokens: -1 }, 400, "cap_exceeded", "max_output_tokens"], [{ max_output_tokens: "1" }, 400, "invalid_type", "max_output_tokens"],
    [{ input: Array(3).fill(item) }, 400, "cap_exceeded", "input"], [{ background: true }, 400, "unsupported_parameter", "background"], [{ model: undefined }, 400, "missing_model", "model"],
    [{ model: "evil/name" }, 403, "model_not_allowed", "model"], [{ fallbacks: ["evil/name"] }, 403, "model_not_allowed", "fallbacks"], [{ tools: [{ type: "image_generation", model: "evil/name" }] }, 403, "model_not_allowed", "tools"],
  ]) assert.equal((await refused(await respond(more), status, code)).param, param, JSON.stringify(more));
  assert.equal(seen.calls.length, 0);
  const free = { background: false, input: [item], max_output_tokens: 100, tools: [{ type: "function", name: "f", parameters: { properties: { model: { enum: ["evil/name"] } } } }] };
  assert.equal((await respond(free)).status, 200);
  const [{ kind, body, maxTokens, parts }] = seen.calls;
  assert.deepEqual([kind, body, maxTokens, parts.length], ["responses", { model: "org/name", ...free }, 100, 1]);
});

test("an embeddings request has no more inputs than OpenAI's API takes", async () => {
  const { post, seen } = serve();
  const embed = (input) => post({ model: "org/name", input }, { path: "/v1/embeddings" });
  for (const one of ["a", [1]]) assert.equal((await refused(await embed(Array(2_049).fill(one)), 400, "cap_exceeded")).param, "input");
  assert.equal(seen.calls.length, 0);
  for (const input of [Array(2_048).fill("a"), Array(3_000).fill(1), "a".repeat(3_000)]) assert.equal((await embed(input)).status, 200);
});

test("what is no JSON object is refused", async () => {
  const { post, seen } = serve();
  const bodies = ["", " ", "{", "null", "[]", "7", '"text"', '{"model":}', "{'model':1}", "\uFEFF", `${"[".repeat(50_000)}`, new Uint8Array([0xff, 0xfe, 0x7b, 0x7d]), new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d])];
  for (const body of bodies) {
    const response = await post(body instanceof Uint8Array ? new Blob([body]).stream() : body, { duplex: "half" });
    assert.equal(response.status, 400, String(body).slice(0, 20));
    assert.match((await response.json()).error.code, /^invalid_/);
  }
  await refused(await post({ messages: [] }), 400, "missing_model");
  await refused(await post({ model: 7, messages: [] }), 400, "invalid_type");
  await refused(await post({ model: "x".repeat(257), messages: [] }), 400, "invalid_type");
  await refused(await post(BODY, { headers: { "content-encoding": "gzip" } }), 415, "unsupported_encoding");
  assert.equal(seen.calls.length, 0);
});

test("a body that is too large is refused while it is read", async () => {
  const { post, seen } = serve({ caps: { bodyBytes: 1_000 } });
  await refused(await post("x".repeat(1_001)), 413, "request_too_large");
  let pulled = 0;
  let cancelled = false;
  const endless = new ReadableStream({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new TextEncoder().encode(" ".repeat(300)));
    },
    cancel() {
      cancelled = true;
    },
  }, { highWaterMark: 0 });
  await refused(await post(endless, { duplex: "half" }), 413, "request_too_large");
  assert.deepEqual([pulled <= 6, cancelled], [true, true], `${pulled} chunks were read`);
  const padded = JSON.stringify(BODY).padEnd(1_000);
  assert.equal((await post(padded)).status, 200, "1,000 bytes are no more than 1,000");
  assert.equal(seen.calls.length, 1);
});

const upstreamError = (name, status, fields = {}) => new errors[name]("the client's message, for the operator: token hf_x of account ann", { status, ...fields });

test("what goes wrong behind the gateway is told without what is the operator's", async () => {
  const cases = [
    [upstreamError("AuthenticationError", 401, { error: "Invalid username or password." }), 502, "upstream_unavailable"],
    [upstreamError("AuthenticationError", undefined), 502, "upstream_unavailable"],
    [upstreamError("PaymentRequiredError", 402, { error: "ann has no credits" }), 502, "upstream_unavailable"],
    [upstreamError("PermissionDeniedError", 403, { error: "org acme" }), 502, "upstream_unavailable"],
    [upstreamError("APIConnectionError", undefined), 502, "upstream_unreachable"],
    [upstreamError("APIConnectionTimeoutError", undefined), 504, "upstream_timeout"],
    [upstreamError("APIUserAbortError", undefined), 499, "client_closed_request"],
    [upstreamError("StreamTruncatedError", undefined), 502, "upstream_truncated"],
    [upstreamError("StreamError", undefined), 502, "upstream_invalid"],
    [upstreamError("StreamError", undefined, { body: "<html>" }), 502, "upstream_invalid"],
    [upstreamError("APIError", 200), 502, "upstream_invalid"],
    [upstreamError("APIError", 302), 502, "upstream_invalid"],
    [upstreamError("APIError", 999), 502, "upstream_invalid"],
    [new TypeError("internal: secrets"), 500, "internal_error"],
    [new errors.ConfigError("pricing: has no price", { path: "pricing" }), 403, "model_not_priced"],
    [new errors.ConfigError("route.only: leaves no offer of org/a", { path: "route.only" }), 404, "no_offer"],
  ];
  for (const [error, status, code] of cases) {
    const { post, seen } = serve({}, () => error);
    const { message } = await refused(await post(BODY), status, code);
    assert.ok(!/hf_x|ann|acme|operator|secret|username/.test(message), message);
    assert.match(seen.lines[0].detail, new RegExp(`^${error.name}: `), "the log has it all");
  }
});

test("a server's refusal is passed on: status, words, code, param, Retry-After", async () => {
  const error = (error, status = 400, fields = {}) => upstreamError(status === 429 ? "RateLimitError" : "APIError", status, { error, ...fields });
  for (const [given, status, expected, retryAfter = null] of [
    [error({ message: "no such model", type: "invalid_request_error", code: "model_not_found", param: "model" }, 400, { code: "model_not_found", type: "invalid_request_error", param: "model" }), 400, { message: "no such model", type: "invalid_request_error", code: "model_not_found", param: "model" }],
    [error("Model is overloaded", 429, { retryAfter: 1_500 }), 429, { message: "Model is overloaded", type: "rate_limit_error", code: "upstream_error", param: null }, "2"],
    [error("Limit reached in organization `org_01hxyzabcdef` for user-1f3a9b0c of org-mode and user_agent", 429), 429, { message: "Limit reached in organization `[redacted]` for [redacted] of org-mode and user_agent", type: "rate_limit_error", code: "upstream_error", param: null }],
    [error(["a: field required", "b: too long"], 422), 422, { message: "a: field required; b: too long", type: "invalid_request_error", code: "upstream_error", param: null }],
    [error({ detail: [{ msg: "field required" }] }, 422), 422, { message: "field required", type: "invalid_request_error", code: "upstream_error", param: null }],
    [error("<html><h1>Bad gateway at 10.0.0.7</h1>", 502), 502, { message: "The model's server answered 502.", type: "server_error", code: "upstream_error", param: null }],
    [error(undefined, 503), 503, { message: "The model's server answered 503.", type: "server_error", code: "upstream_error", param: null }],
    [upstreamError("ModelLoadingError", 503, { error: "loading", retryAfter: 20_000 }), 503, { message: "loading", type: "server_error", code: "model_loading", param: null }, "20"],
  ]) {
    const response = await serve({}, () => given).post(BODY);
    assert.deepEqual([response.status, await response.json(), response.headers.get("retry-after")], [status, { error: expected }, retryAfter]);
  }
  const long = await serve({}, () => error("x".repeat(9_999))).post(BODY);
  assert.equal((await long.json()).error.message.length, 600);
});

test("a failure in a stream is told in the server's words, where it said some", async () => {
  const told = Object.assign(upstreamError("StreamError", 503, { body: { error_code: 7 }, code: "busy" }), { message: "try later, organization org_01hxyzabcdef" });
  const { message } = await refused(await serve({}, () => told).post(BODY), 502, "busy");
  assert.equal(message, "try later, organization [redacted]");
});

test("what was tried several times here need not be tried again by whoever asked", async () => {
  for (const [name, status] of [["InternalServerError", 503], ["RateLimitError", 429], ["APIConnectionError", undefined], ["APIConnectionTimeoutError", undefined]]) {
    for (const [attempts, told] of [[1, null], [3, "false"]]) {
      const response = await serve({}, () => upstreamError(name, status, { attempts })).post(BODY);
      assert.equal(response.headers.get("x-should-retry"), told, `${name} after ${attempts}`);
    }
  }
});

test("a limit says whose it is and when to come back", async () => {
  const limit = (reason, scope, retryAfter) => Object.assign(new errors.LimitExceededError("reached", { reason, retryAfter }), { scope });
  const budget = new errors.BudgetExceededError("reached", { reason: "budget", scope: "gateway", retryAfter: 3_600_000 });
  for (const [error, status, code, message, retryAfter] of [
    [limit("requests", "client:ann", 1_200), 429, "rate_limit_exceeded", "Your limit of requests per minute is reached.", "2"],
    [limit("tokens", "ticket:1", 10), 429, "rate_limit_exceeded", "Your limit of tokens per minute is reached.", "1"],
    [limit("month", "gateway", 86_400_000), 429, "rate_limit_exceeded", "This gateway's limit of requests per month is reached.", "86400"],
    [limit("concurrent", "client:ann", 0), 429, "rate_limit_exceeded", "Your limit of requests at once is reached.", "1"],
    [limit("blocked", "key:huggingface-1", 5_000), 429, "rate_limit_exceeded", "This gateway's limit of requests is reached.", "5"],
    [limit("tokens", "client:ann", Infinity), 400, "request_too_large", /^This request alone is larger than your limit/, null],
    [limit("store", undefined, 0), 503, "limits_unavailable", "The limits can't be checked at the moment.", "1"],
    [budget, 429, "insufficient_quota", "This gateway's budget is used up.", "3600"],
  ]) {
    error.quotas = [{ scope: error.scope ?? "gateway", reason: "requests", limit: 10, remaining: 0, reset: 1_200 }];
    const response = await serve({}, () => error).post(BODY);
    const told = await refused(response, status, code);
    if (message instanceof RegExp) assert.match(told.message, message);
    else assert.equal(told.message, message);
    assert.equal(response.headers.get("retry-after"), retryAfter);
  }
  assert.equal((await serve({}, () => budget).post(BODY)).headers.get("x-should-retry"), "false");
});

test("answers tell what is left of the caller's limits, and nothing of the keys'", async () => {
  const quotas = [
    { scope: "key:huggingface-1f3a", reason: "requests", limit: 300, remaining: 12, reset: 60_000 },
    { scope: "client:ann", reason: "requests", limit: 60, remaining: 12.9, reset: 30_400 },
    { scope: "client:ann", reason: "tokens", limit: 5_000, remaining: -3, reset: 1 },
    { scope: "ticket:x", reason: "concurrent", limit: 2, remaining: 1, reset: 0 },
    { scope: "gateway", reason: "month", limit: 9_000, remaining: 8_000, reset: 86_400_000 },
    { scope: "gateway", reason: "budget", limit: 1, remaining: 1, reset: 1 },
    { scope: "gatewayx", reason: "requests", limit: 1, remaining: 1, reset: 1 },
  ];
  const { headers } = await serve({}, { quotas }).post(BODY);
  assert.equal(headers.get("ratelimit-policy"), '"client-requests";q=60;w=60, "client-tokens";q=5000;w=60;qu="tokens", "ticket-concurrent";q=2;qu="concurrent-requests", "gateway-month";q=9000');
  assert.equal(headers.get("ratelimit"), '"client-requests";r=12;t=31, "client-tokens";r=0;t=1, "ticket-concurrent";r=1;t=0, "gateway-month";r=8000;t=86400');
  assert.equal((await serve({}, {}).post(BODY)).headers.get("ratelimit"), null);
  const told = (headers) => Object.fromEntries([...headers].filter(([name]) => name.startsWith("x-ratelimit")));
  const nearest = {
    "x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "12", "x-ratelimit-reset-requests": "31s",
    "x-ratelimit-limit-tokens": "5000", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1s",
  };
  assert.deepEqual(told(headers), nearest, "of the limit that is nearest");
  const refusal = Object.assign(new errors.LimitExceededError("reached", { reason: "tokens", retryAfter: 1 }), { scope: "client:ann", quotas });
  const origins = ["https://app.example"];
  const page = await serve({ origins }, () => refusal).post(BODY, { headers: { origin: origins[0] } });
  assert.deepEqual([page.status, told(page.headers)], [429, nearest]);
  const exposed = page.headers.get("access-control-expose-headers").toLowerCase().split(", ");
  assert.deepEqual(Object.keys(nearest).filter((name) => !exposed.includes(name)), []);
});

test("of an answer's head goes on what is the caller's", async () => {
  const headers = { "x-request-id": "Root=1-abc", "x-inference-provider": "groq", "x-ratelimit-remaining": "3", "set-cookie": "a=b", server: "nginx", "x-compute-time": "1", ratelimit: '"api";r=0;t=9' };
  const response = await serve({}, { headers, body: "bytes" }).post(BODY);
  assert.deepEqual(Object.fromEntries(response.headers), { "cache-control": "no-cache", "content-type": "application/json", vary: "Origin", "x-inference-provider": "groq", "x-request-id": "Root=1-abc" });
  assert.equal(await response.text(), "bytes");
});

test("a success is a 200, for some others may have no body", async () => {
  for (const status of [201, 204, 205]) {
    const response = await serve({}, { status, body: "bytes" }).post(BODY);
    assert.deepEqual([response.status, await response.text()], [200, "bytes"]);
  }
});

test("a caller's headers go no further", async () => {
  const { post, seen } = serve();
  await post(BODY, { headers: { "x-hf-bill-to": "victim", host: "evil.example", "x-forwarded-host": "evil.example", cookie: "a=b" } });
  assert.deepEqual(Object.keys(seen.calls[0]).sort(), ["body", "kind", "lastWords", "maxChoices", "maxTokens", "metadata", "onSettled", "parts", "redact", "signal", "text"]);
});

test("one line for each request, without a secret in it", async () => {
  const { ask, post, seen } = serve({ apiKeys: ["hf_upstream"], ...TICKETS }, () => Object.assign(upstreamError("APIError", 418, { error: `teapot hf_upstream ${SECRET} ${KEY}` }), { message: `teapot hf_upstream ${SECRET} ${KEY}` }));
  await ask("/healthz");
  await post(BODY, { key: "wrong" });
  await ask(`/${"x".repeat(500)}\n{"event":"forged"}`);
  await post({ ...BODY, stream: true });
  assert.deepEqual(seen.lines.map(({ event, method, status, code, client, stream }) => [event, method, status, code ?? null, client ?? null, stream ?? null]), [
    ["request", "GET", 200, null, null, null], ["request", "POST", 401, "invalid_api_key", null, null], ["request", "GET", 404, "not_found", null, null],
    ["request", "POST", 418, "upstream_error", seen.lines[3].client, true],
  ]);
  assert.ok(seen.lines.every(({ path, time, requestId, durationMs }) => path.length <= 201 && Date.parse(time) > 0 && requestId && durationMs >= 0));
  assert.equal(seen.lines[3].detail, "APIError: teapot [redacted] [redacted] [redacted]");
  assert.ok(!/hf_upstream|ticket-secret|a-client-key/.test(JSON.stringify(seen.lines)));
});

test("of a secret that begins as another does nothing is left in a line, nor of one that a line would cut", async () => {
  const [short, long] = ["a-secret-of-mine", "a-secret-of-mine-and-more"];
  for (const clientKeys of [[short, long], [long, short]]) {
    const { ask, seen } = serve({ clientKeys });
    for (let fill = 190 - long.length; fill < 200; fill += 1) await ask(`/${"x".repeat(fill)}${long}`, { key: short });
    for (const { path } of seen.lines) assert.match(path, /^\/x+(\[redacted\]|(\[[a-z]*)?…)$/);
    assert.equal(seen.lines.length, 10 + long.length);
  }
});

test("a console that throws costs nobody an answer", async () => {
  const { ask, post, seen } = serve();
  seen.lines.push = () => {
    throw new Error("the console is closed");
  };
  assert.equal((await ask("/healthz")).status, 200);
  assert.equal((await post(BODY)).status, 200);
});

test("what an operator answers that can't be made anew is given on as it is", async () => {
  const upgraded = { status: 101, headers: new Headers(), webSocket: {}, body: null };
  const { post } = serve({ authorize: () => upgraded });
  assert.equal(await post(BODY), upgraded);
});

test("a call's line has its settlement, and the hook gets it with env and ctx; what the hook throws is its own", async () => {
  const told = [];
  const { post, seen } = serve({ onSettled: (...given) => { told.push(given); throw new Error(`queue is full of ${KEY}`); } });
  const response = await post(BODY);
  assert.equal(response.status, 200);
  const line = seen.lines.find(({ event }) => event === "request");
  assert.deepEqual([line.outcome, line.model, line.promptTokens, line.completionTokens, line.usd, line.key, line.attempts, line.upstreamRequestId], ["ok", "org/name", 3, 4, 0.25, "huggingface-1f3a", 1, "Root=1"]);
  assert.deepEqual([told.length, told[0][0], told[0][1]], [1, SETTLEMENT, { VAR: "x" }]);
  assert.equal(typeof told[0][2].waitUntil, "function");
  assert.match(seen.lines.find(({ event }) => event === "notice").message, /queue is full of \[redacted\]/);
});
