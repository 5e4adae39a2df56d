// Hostile callers, over the network: bodies, paths and headers that no client would send.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { KEY, MESSAGES, MODEL, pkg, random, startGateway, TOKEN } from "./setting/running.mjs";

const { issueTicket } = await import(pathToFileURL(join(pkg, "dist/gateway.js")).href);

const SECRET = "the secret that tickets are signed with";
const LIMIT = 200_000;
const CAP = 64;
const body = { model: MODEL, messages: MESSAGES };
let gateway;

before(async () => {
  gateway = await startGateway({
    env: { GATEWAY_TICKET_SECRET: SECRET, GATEWAY_AUDIENCE: "here", GATEWAY_MODELS: "meta-llama/*,sentence-transformers/*", GATEWAY_MAX_TOKENS: String(CAP), GATEWAY_MAX_N: "2", GATEWAY_MAX_BODY_BYTES: String(LIMIT), GATEWAY_MAX_MESSAGES: "5" },
  });
});

/** Checks that an answer is the gateway's own, whatever was asked. */
async function ours(response, text) {
  assert.ok(!text.includes(TOKEN) && !text.includes(SECRET) && !/stack|\.js:\d|wasm/i.test(text), text);
  assert.ok(response.status < 500, `${response.status} ${text}`);
  if (response.status === 200) return;
  const { error } = JSON.parse(text);
  assert.deepEqual(Object.keys(error), ["message", "type", "code", "param"]);
}

// Pieces that matter to a JSON parser, and bytes that aren't JSON.
const PIECES = [
  "{", "}", "[", "]", '"', ":", ",", "\\", "\\u0000", "\\ud800", "\u0000", "null", "true", "-1", "1e999", "9007199254740993", '"model":', '"max_tokens":', '"n":', '"stream":true,', '"messages":[',
  '"stop":', '"tools":[{}],', '"role":"tool",', "evil/model", "../../../", "\r\nx-injected: 1\r\n", "é", "\u{1f600}", '"__proto__":{"stream":true},', '"stream_options":{"include_usage":1},', " ".repeat(2_000),
];

test("no body breaks it, and none gets past the caps", async () => {
  const next = random(20_261_122);
  const pick = (list) => list[Math.floor(next() * list.length)];
  const valid = JSON.stringify({ ...body, max_tokens: 10, n: 1, stream: false, stop: ["x"], temperature: 0.5 });
  const mutations = Array.from({ length: 400 }, () => {
    let text = valid;
    for (let edits = 1 + Math.floor(next() * 3); edits > 0; edits -= 1) {
      const at = Math.floor(next() * text.length);
      text = text.slice(0, at) + (next() < 0.7 ? pick(PIECES) : "") + text.slice(at + Math.floor(next() * 8));
    }
    return text;
  });
  const statuses = new Map();
  // Chance alone hardly ever finds a number above a cap.
  for (const more of [{ max_tokens: CAP + 1 }, { max_completion_tokens: CAP + 1 }, { n: 3 }, { messages: Array(6).fill(MESSAGES[0]) }]) mutations.push(JSON.stringify({ ...body, ...more }));
  for (const text of mutations) {
    const response = await gateway.post(next() < 0.1 ? Buffer.from(text, "latin1") : text, { path: pick(["/v1/chat/completions", "/v1/chat/completions", "/v1/embeddings"]) });
    await ours(response, await response.text());
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  }
  assert.ok(statuses.get(200) > 5 && statuses.get(400) > 50, JSON.stringify([...statuses]));
  for (const sent of (await gateway.stats()).bodies) {
    assert.ok(/^(meta-llama|sentence-transformers)\/[^/:\s]*$/.test(sent.model) && (sent.max_tokens ?? 0) <= CAP && (sent.n ?? 1) <= 2, JSON.stringify(sent).slice(0, 300));
  }
});

test("a body is sent as it came: no digit, no member more or less but for what the gateway sets", async () => {
  // The model's server answers with the body that it got.
  const echo = '{ fetch: async (url, { body }) => Response.json({ object: "chat.completion", choices: [{ index: 0, message: { role: "assistant", content: body }, finish_reason: "stop" }] }) }';
  const echoing = await startGateway({ options: echo, env: { GATEWAY_MAX_TOKENS: "100", GATEWAY_MODELS: "a/*" } });
  const sent = async (text) => (await (await echoing.post(text)).json()).choices?.[0].message.content;
  const exact = '"messages":[{"role":"user","content":"\\u00e9 \\ud800"}],  "seed":12345678901234567890,"temperature":0.70000000000000000001,"logit_bias":{"9007199254740993":1.0},"x":-1E+400';
  assert.equal(await sent(` {${exact}, "model" : "a/b"} \n`), `{"model":"a/b",${exact.replace("],  ", "],")},"max_tokens":100}`);
  assert.equal(await sent(`{"model":"a/b",${exact},"max_completion_tokens":64}`), `{"model":"a/b",${exact.replace("],  ", "],")},"max_tokens":64}`);
  const twice = ['"model":"evil/name","model":"a/b"', '"model":"a/b","m\\u006fdel":"a/b"', '"model":"a/b","max_tokens":9999,"max_tokens":5', '"model":"a/b","n":9,"n":1', '"model":"a/b","max_completion_tokens":999,"max_completion_tokens":1'];
  const deep = [512, 100_000].map((depth) => `"model":"a/b","deep":${"[".repeat(depth)}${"]".repeat(depth)}`);
  for (const members of [...twice, ...deep]) {
    const response = await echoing.post(`{${members},"messages":[{"role":"user","content":"x"}]}`);
    assert.equal(response.status, 400, members.slice(0, 80));
    await ours(response, await response.text());
  }
  assert.equal(await sent(`{"model":"a/b","messages":[],"__proto__":{"max_tokens":99}}`), undefined, "no message");
});

test("a body is refused while it comes, before it has ended", async () => {
  const socket = connect(gateway.port, "127.0.0.1");
  let answer = "";
  socket.setEncoding("latin1").on("data", (data) => (answer += data)).on("error", () => {});
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ntransfer-encoding: chunked\r\n\r\n`);
  const chunk = (size) => `${size.toString(16)}\r\n${" ".repeat(size)}\r\n`;
  for (let sent = 0; sent < LIMIT; sent += 10_000) socket.write(chunk(10_000));
  // Only the one byte too many is left to read: if a server closes with more unread, it resets its own answer.
  socket.write(chunk(1));
  await once(socket, "data");
  assert.match(answer, /^HTTP\/1\.1 413 /);
  socket.destroy();
});

test("a length that is too large is refused before a byte is read", async () => {
  const answer = await gateway.raw(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${LIMIT + 1}\r\nconnection: close\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 413 [^]*"code":"request_too_large"/);
});

test("paths and hosts lead nowhere else", async () => {
  const { requests } = await gateway.stats();
  const ask = (line, host = "x") => gateway.raw(`${line} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${KEY}\r\nconnection: close\r\n\r\n`);
  const lines = [
    "GET //v1/models", "GET ///evil.example/v1/models", "GET /v1//models", "GET /v1/models/", "GET /v1/models/..%2f..%2fetc", "GET /v1/models/%2e%2e%2fsecret", "GET /v1/models/a%2fb%3fx",
    "GET /v1/models/a/b/../../../x/y", "GET /v1%2fmodels", "GET /v1/models%00", "GET /v1/models\\..\\x", "GET /V1/MODELS", "GET /v1/chat/completions/../../../s/x/stats", "GET /s/x/stats", "TRACE /v1/models",
    "FOO /v1/models", `GET /${"x".repeat(60_000)}`,
  ];
  for (const line of lines) {
    const answer = await ask(line);
    assert.ok(/^HTTP\/1\.1 (4\d\d|501) /.test(answer) || answer === "", `${line.slice(0, 60)}: ${answer.slice(0, 100)}`);
  }
  for (const host of ["evil.example", "127.0.0.1:1", "router.huggingface.co"]) {
    assert.match(await ask("GET /healthz", host), /^HTTP\/1\.1 200 /);
  }
  const { paths } = await gateway.stats();
  assert.ok(paths.slice(requests).every((path) => /^GET \/v1\/models(\/[\w.-]+\/[\w.-]+)?$/.test(path)), paths.slice(requests).join("\n"));
});

test("a model's name is a name, wherever it goes", async () => {
  for (const model of ["meta-llama/../../x", "meta-llama/x?y=1", "meta-llama/x#y", "meta-llama/x%2f..", "meta-llama/x\r\nhost: evil", "meta-llama/x\u0000", "//evil.example/x", "sentence-transformers/..", "sentence-transformers/x y"]) {
    for (const [path, more] of [["/v1/chat/completions", { messages: MESSAGES }], ["/v1/embeddings", { input: "text" }]]) {
      const response = await gateway.post({ model, ...more }, { path });
      await ours(response, await response.text());
    }
  }
  const { paths } = await gateway.stats();
  assert.ok(paths.every((path) => /^(GET|POST) \/v1\/(models(\/[\w.-]+\/[\w.-]+)?|chat\/completions|embeddings)$/.test(path)), paths.join("\n"));
});

test("heads can't be added to an answer, nor lines to the log", async () => {
  const client = 'ann\r\nx-injected: 1\n{"event":"request","status":200,"client":"root"}';
  const ticket = await issueTicket(SECRET, { client, expiresIn: 60_000, audience: "here" });
  const before = gateway.lines.length;
  const response = await gateway.post({ ...body, user: client, model: MODEL }, { key: ticket, headers: { origin: "https://x.example\u00ff", "x-request-id": "chosen-by-the-caller" } }).catch((error) => error);
  assert.ok(response.status === 403, "an origin nobody allowed");
  const through = await gateway.post(body, { key: ticket, headers: { "x-request-id": "chosen-by-the-caller" } });
  assert.deepEqual([through.status, through.headers.get("x-injected"), through.headers.get("x-request-id") === "chosen-by-the-caller"], [200, null, false]);
  await through.text();
  const [line] = await gateway.logged((entry) => entry.client === client);
  assert.equal(line.status, 200);
  assert.ok(gateway.lines.slice(before).every(({ client: name }) => name !== "root"));
});

test("what the model's server says of the account stays here", async () => {
  for (const [status, words] of [[401, "Invalid username or password."], [402, "You have depleted your monthly included credits."], [403, "on behalf of user ann"]]) {
    gateway.script([{ status, json: { error: words }, headers: { "x-error-message": words, "set-cookie": "account=ann" }, times: 5 }]);
    const response = await gateway.post(body);
    const text = await response.text();
    assert.deepEqual([response.status, JSON.parse(text).error.code, response.headers.get("set-cookie"), response.headers.get("x-error-message")], [502, "upstream_unavailable", null, null]);
    assert.ok(!text.includes(words) && !text.includes("huggingface"));
    assert.ok((await gateway.logged(({ detail }) => detail?.includes(words))).length > 0, "the operator's log says why");
  }
});

test("a server that quotes the token is not repeated", async () => {
  const asked = { ...body, model: "meta-llama/quotes" };
  gateway.script([{ status: 400, json: { error: { message: `bad token ${TOKEN}`, code: TOKEN } } }]);
  const response = await gateway.post(asked);
  assert.equal(response.status, 400);
  await ours(response, await response.text());
});

test("a stream that quotes the token, or names the account, in an error is not repeated, in however many pieces it comes", async () => {
  const account = "org_01hxyzabcdef";
  const words = `Incorrect API key provided: ${TOKEN} in organization ${account}`;
  const content = `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content: `an "error" of ${account}` }, finish_reason: null }] })}\n\n`;
  const frames = [
    { error: { message: words, code: TOKEN } }, { error: words, error_type: "generation" }, { id: "c", object: "chat.completion.chunk", choices: [], error: { message: words } },
    { choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }], error: { message: words } },
  ].map((frame) => `data: ${JSON.stringify(frame)}\n\n`);
  frames.push(`event: error\r\ndata: ${words}\r\n\r\n`, `data: {"error":{"message":"${words}`);
  for (const frame of frames) {
    for (const split of [undefined, [content.length], [content.length + 30], [10, content.length + 70, content.length + 90], "random:7"]) {
      gateway.script([{ text: content + frame, contentType: "text/event-stream", split }]);
      const text = await (await gateway.post({ ...body, stream: true })).text();
      assert.ok(text.startsWith(content), "what the model says stays as it is");
      const told = text.slice(content.length);
      assert.ok(told.includes("error") && !told.includes(TOKEN) && !told.includes(account) && !told.includes(TOKEN.slice(0, 12)), `${frame}\n${split}\n${told}`);
    }
  }
});

test("wrong settings answer 500 with the variable's name, and not its value", async () => {
  for (const [env, name] of [
    [{ HF_BASE_URL: "ftp://hf_secret_value" }, "HF_BASE_URL"],
    [{ HF_TOKEN: "hf_secret_value with blanks" }, "HF_TOKEN"],
    [{ HF_TOKEN: "", HF_BASE_URL: "https://router.huggingface.co/v1" }, "HF_TOKEN"],
    [{ GATEWAY_CLIENT_KEYS: "" }, "GATEWAY_CLIENT_KEYS"],
    [{ GATEWAY_REQUESTS_PER_MINUTE: "hf_secret_value" }, "GATEWAY_REQUESTS_PER_MINUTE"],
    [{ GATEWAY_PRICING: '{"inputPerMillion":"hf_secret_value"}' }, "GATEWAY_PRICING"],
    [{ GATEWAY_TICKET_SECRET: "hf_secret_value", GATEWAY_AUDIENCE: "here" }, "GATEWAY_TICKET_SECRET"],
    [{ GATEWAY_TICKET_SECRET: SECRET, GATEWAY_URL: "hf_secret_value" }, "GATEWAY_URL"],
    [{ GATEWAY_REQUEST_PER_MINUTE: "hf_secret_value" }, "GATEWAY_REQUEST_PER_MINUTE"],
  ]) {
    const wrong = await startGateway({ env });
    for (const response of [await wrong.post(body), await wrong.get("/healthz")]) {
      const text = await response.text();
      assert.deepEqual([response.status, JSON.parse(text).error.code], [500, "gateway_misconfigured"], name);
      assert.ok(JSON.parse(text).error.message.includes(`${name}: `) && !text.includes("hf_secret"), text);
    }
    await wrong.logged(({ code }) => code === "gateway_misconfigured");
    assert.ok(!JSON.stringify(wrong.lines).includes("hf_secret"));
    await wrong.close();
  }
});

test("wrong settings are told to a page of an allowed origin, and to no other", async () => {
  const page = "https://app.example";
  const asked = { origin: page, "access-control-request-method": "POST", "access-control-request-headers": "authorization" };
  for (const [env, allowed] of [
    [{ GATEWAY_ORIGINS: page, HF_BASE_URL: "ftp://nowhere" }, page],
    [{ GATEWAY_ORIGINS: "*", GATEWAY_MAX_N: "none" }, "*"],
    [{ GATEWAY_ORIGINS: "https://other.example", GATEWAY_MAX_N: "none" }, null],
    [{ GATEWAY_ORIGINS: `${page}/a/path` }, null],
  ]) {
    const wrong = await startGateway({ env });
    const preflight = await fetch(`${wrong.url}/v1/chat/completions`, { method: "OPTIONS", headers: asked });
    const names = ["allow-origin", "allow-headers"].map((name) => preflight.headers.get(`access-control-${name}`));
    assert.deepEqual([preflight.status, ...names], allowed === null ? [500, null, null] : [204, allowed, "authorization"], JSON.stringify(env));
    const response = await wrong.post(body, { headers: { origin: page } });
    assert.deepEqual([response.status, response.headers.get("access-control-allow-origin")], [500, allowed]);
    assert.equal((await response.json()).error.code, "gateway_misconfigured");
    await wrong.close();
  }
});
