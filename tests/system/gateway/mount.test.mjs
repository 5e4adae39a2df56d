// The gateway next to other routes: in a Worker, in Hono, behind Next's route handlers, and in a server of node:http.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../../../scripts/run.mjs";
import { startWorker } from "../../../scripts/workerd.mjs";
import { snippetsOf } from "../readme/setting/snippets.mjs";
import { endpoint, KEY, MESSAGES, MODEL, pkg, TOKEN } from "./setting/running.mjs";

const load = (name) => import(pathToFileURL(join(pkg, "dist", name)).href);
const [{ HuggingFace, ticketKey }, { gateway, issueTicket }, { Hono }] = [await load("index.js"), await load("gateway.js"), await import("hono")];

const SECRET = "a secret of the operator's, long enough";
const closing = [];
after(() => Promise.all(closing.map((close) => close())));

const lines = [];
const { log } = console;
console.log = (line) => (String(line).startsWith('{"event":') ? lines.push(JSON.parse(line)) : log(line));
after(() => (console.log = log));

let scripts = 0;
function script(steps = []) {
  const id = `mount-${(scripts += 1)}`;
  endpoint.script(id, steps);
  return { apiKeys: [TOKEN], baseURL: `${endpoint.url}/s/${id}/v1`, stats: (until) => endpoint.stats(id, until) };
}
const asks = (more) => ({ method: "POST", headers: { authorization: `Bearer ${KEY}`, ...more }, body: JSON.stringify({ model: MODEL, messages: MESSAGES }) });
const said = async (response) => (await response.json()).choices?.[0].message.content.slice(0, 8) ?? response.status;

const text = await readFile(join(root, "docs/gateway.md"), "utf8");
const snippets = snippetsOf(text);
const shown = (name) => snippets.find(({ file }) => file === name).code;

// The document's Worker, with a limit in the tickets for its page.
const WORKER = shown("site.js").replace("5 * 60_000 }", "5 * 60_000, limits: { requestsPerMinute: 2 } }");

test("a Worker: its own routes, the gateway's below a path, a page with a ticket, limits in the Worker's Durable Object", async () => {
  const { baseURL, stats } = script();
  const env = { HF_TOKEN: TOKEN, HF_BASE_URL: baseURL, GATEWAY_TICKET_SECRET: SECRET, GATEWAY_URL: "https://site.example/ai", GATEWAY_CLIENT_REQUESTS_PER_MINUTE: "5" };
  const worker = await startWorker({ pkg, worker: WORKER, env, isolates: 2, log: () => {} });
  closing.push(worker.close);
  const get = async (path, init) => {
    const response = await fetch(worker.url + path, init);
    return [response.status, await response.text()];
  };
  for (const path of ["/", "/v1/models"]) assert.deepEqual(await get(path), [404, "Not found"]);
  assert.deepEqual(await get("/ai/healthz"), [200, '{"status":"ok"}']);
  const [status, body] = await get("/ai/chat/completions", { method: "POST" });
  assert.deepEqual([status, JSON.parse(body).error.message], [404, "There is nothing at this path: /ai/v1/chat/completions is meant. The base URL ends in /v1, without a slash behind it."]);
  const preflight = await fetch(`${worker.url}/ai/v1/embeddings`, { method: "OPTIONS", headers: { origin: "https://site.example", "access-control-request-method": "POST" } });
  assert.deepEqual([preflight.status, preflight.headers.get("access-control-allow-methods"), preflight.headers.get("access-control-allow-origin")], [204, "POST, OPTIONS", "https://site.example"]);
  // A page's client: the ticket's own limit of two requests holds across both isolates.
  const clients = worker.urls.map((url) => new HuggingFace({ baseURL: `${url}/ai/v1`, apiKey: ticketKey(`${worker.url}/ticket`), model: MODEL, retry: false, limits: { onLimit: "error" } }));
  const ticket = (await get("/ticket"))[1];
  const sharing = worker.urls.map((url) => new HuggingFace({ baseURL: `${url}/ai/v1`, apiKey: ticket, model: MODEL, retry: false }));
  const outcomes = [];
  for (const hf of [...sharing, ...sharing]) outcomes.push(await hf.chat.completions.create({ messages: MESSAGES }).then(() => "ok", ({ status }) => status));
  assert.deepEqual(outcomes, ["ok", "ok", 429, 429]);
  // Another ticket of the same client has two requests of its own, of the client's five.
  const more = [];
  for (const hf of [clients[0], clients[0], clients[0], clients[1], clients[1]]) more.push(await hf.chat.completions.create({ messages: MESSAGES }).then(() => "ok", ({ status }) => status));
  assert.deepEqual(more, ["ok", "ok", 429, "ok", 429]);
  assert.equal((await stats("closed")).requests, 5);
});

test("paths: below the base path and nowhere else", async () => {
  const { stats, ...upstream } = script();
  for (const basePath of ["/ai", "/ai/", "/api/v2/ai"]) {
    const { fetch } = gateway({ ...upstream, clientKeys: [KEY], basePath });
    const at = async (path, init = asks()) => said(await fetch(new Request(`https://site.example${path}`, init), {}, {}));
    const base = basePath.replace(/\/$/, "");
    assert.equal(await at(`${base}/v1/chat/completions`), "You said");
    for (const path of ["/v1/chat/completions", `${base}v1/chat/completions`, `${base}/ai/v1/chat/completions`, `${base}${base}/v1/chat/completions`, `/x${base}/v1/chat/completions`, base, `${base}/`, `${base}/v1`]) assert.equal(await at(path), 404, path);
    assert.equal((await fetch(new Request(`https://site.example${base}/v1/models/none%2Fsuch`, { headers: asks().headers }), {}, {})).status, 404);
  }
  assert.equal((await stats("closed")).requests, 3 + 3);
});

test("what is no path is refused by its name", async () => {
  const answered = async (options, env = {}) => (await (await gateway({ clientKeys: [KEY], ...options }).fetch(new Request("https://site.example/"), env, {})).json()).error.message;
  for (const basePath of ["ai", "", "//", "/ai?x", "/ai#x", "/a//b", "/ai/../b", "/ä b", "https://site.example/ai", 7]) {
    assert.match(await answered({ basePath }), /not configured: basePath: must be/, String(basePath));
  }
  assert.match(await answered({}, { GATEWAY_BASE_PATH: "ai" }), /GATEWAY_BASE_PATH: must be the path/);
  assert.match(await answered({ basePath: "/", apiKeys: [TOKEN] }), /There is nothing at this path/);
});

test("Hono: mounted, and as a route; in Node its environment is the process's", async () => {
  const { stats, ...upstream } = script();
  process.env.GATEWAY_CLIENT_KEYS = KEY;
  try {
    const app = new Hono();
    app.get("/", (c) => c.text("mine"));
    app.mount("/ai", gateway(upstream).fetch);
    const below = gateway({ ...upstream, basePath: "/below" });
    app.all("/below/*", (c) => below.fetch(c.req.raw, c.env));
    // @hono/node-server passes such an `env`.
    const env = { incoming: {}, outgoing: {} };
    assert.equal(await (await app.request("/", {}, env)).text(), "mine");
    for (const path of ["/ai", "/below"]) {
      assert.equal(await said(await app.request(`${path}/v1/chat/completions`, asks(), env)), "You said", path);
      const { headers } = await app.request(`${path}/healthz`, { method: "OPTIONS" }, env);
      assert.equal(headers.get("allow"), "GET, HEAD, OPTIONS", path);
    }
  } finally {
    delete process.env.GATEWAY_CLIENT_KEYS;
  }
  assert.equal((await stats("closed")).requests, 2);
});

/** A module of the document, with this package's gateway. */
const imported = (code) => import(`data:text/javascript,${encodeURIComponent(code.replace('"hfetch/gateway"', JSON.stringify(pathToFileURL(join(pkg, "dist/gateway.js")).href)))}`);

test("Next: the handler's fetch is a route's, whatever stands in its second argument; one gateway serves all requests", async () => {
  const { stats, ...upstream } = script();
  Object.assign(process.env, { GATEWAY_CLIENT_KEYS: KEY, GATEWAY_REQUESTS_PER_MINUTE: "2" });
  try {
    Object.assign(process.env, { HF_TOKEN: TOKEN, HF_BASE_URL: upstream.baseURL });
    const route = await imported(`import { gateway } from "hfetch/gateway"; ${/^\| Next\.js, .* \| `(.*)` \|$/m.exec(text)[1]}`);
    assert.deepEqual(Object.keys(route), ["GET", "OPTIONS", "POST"]);
    const { POST } = route;
    const statuses = [];
    for (let at = 0; at < 3; at++) statuses.push((await POST(new Request("https://site.example/api/ai/v1/chat/completions", asks()), { params: Promise.resolve({ path: ["v1", "chat", "completions"] }) })).status);
    assert.deepEqual(statuses, [200, 200, 429]);
  } finally {
    for (const name of ["GATEWAY_CLIENT_KEYS", "GATEWAY_REQUESTS_PER_MINUTE", "HF_TOKEN", "HF_BASE_URL"]) delete process.env[name];
  }
  assert.equal((await stats("closed")).requests, 2);
});

test("an environment of bindings is one: what authorize and the options get", async () => {
  const { stats, ...upstream } = script();
  const seen = [];
  const handler = gateway((env) => ({ ...upstream, authorize: async (_, given) => (seen.push(env, given), { client: "ann" }) }));
  const env = { USERS: {} };
  assert.equal(await said(await handler.fetch(new Request("https://gw.example/v1/chat/completions", asks()), env, {})), "You said");
  assert.ok(seen.length === 2 && seen.every((given) => given === env));
  assert.equal((await stats("closed")).requests, 1);
});

/** Runs the document's program in a process of its own; returns its address. */
async function program(code, env) {
  const folder = await mkdtemp(join(tmpdir(), "hfetch-mount-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(pkg, join(folder, "node_modules/hfetch"), "junction");
  await writeFile(join(folder, "server.mjs"), code);
  const child = spawn(process.execPath, [join(folder, "server.mjs")], { env: { PATH: process.env.PATH, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  closing.push(async () => {
    child.kill();
    await once(child, "exit");
    await rm(folder, { recursive: true, force: true });
  });
  for await (const line of createInterface(child.stdout)) if (line.startsWith("@")) return `http://127.0.0.1:${line.slice(1)}`;
  throw new Error("the program ended");
}

test("node:http behind a proxy: whole answers, streams, a page of the site, and a caller who leaves", async () => {
  const { stats, ...upstream } = script([{}, {}, { tokens: 1000, pace: 20 }]);
  const env = { HF_TOKEN: TOKEN, HF_BASE_URL: upstream.baseURL, GATEWAY_TICKET_SECRET: SECRET, GATEWAY_URL: "https://site.example" };
  const url = await program(shown("server.mjs").replace("listen(8080)", 'listen(0, "127.0.0.1", function () { console.log("@" + this.address().port); })'), env);
  // A request without a valid address gets no answer, and the program goes on.
  const odd = get(`${url}/ai/v1/models`, { headers: { host: "not a host" } });
  await assert.rejects(once(odd, "response"), { code: "ECONNRESET" });
  assert.equal(await (await fetch(`${url}/other`)).text(), "This is the site's own page.");
  const apiKey = await issueTicket(SECRET, { client: "ann", audience: "https://site.example", expiresIn: 60_000 });
  // The page's origin is the site's, and not the name that the proxy uses for this server.
  const hf = new HuggingFace({ baseURL: `${url}/ai/v1`, apiKey, model: MODEL, headers: { origin: "https://site.example" } });
  assert.match((await hf.chat.completions.create({ messages: MESSAGES })).choices[0].message.content, /You said/);
  const stream = await hf.chat.completions.create({ messages: MESSAGES, stream: true });
  assert.match((await stream.final()).choices[0].message.content, /You said/);
  const other = await fetch(`${url}/ai/v1/models`, { headers: { origin: "https://evil.example", authorization: `Bearer ${apiKey}` } });
  assert.equal(other.status, 403);
  const left = await hf.chat.completions.create({ messages: MESSAGES, stream: true });
  for await (const _ of left) break;
  const { requests, open } = await stats("closed");
  assert.deepEqual([requests, open], [3, 0]);
});
