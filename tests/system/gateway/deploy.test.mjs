// The documented way to a gateway of one's own, step by step. Only what needs an account is left out: the deployment is a dry run, and secrets aren't
// sent to anybody.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { root, run } from "../../../scripts/run.mjs";
import { runtimeEnvironment } from "../../../scripts/runtimes.mjs";
import { COMPATIBILITY_DATE } from "../../../scripts/workerd.mjs";
import { snippetsOf } from "../readme/setting/snippets.mjs";
import { endpoint, MESSAGES, MODEL, pkg, TOKEN } from "./setting/running.mjs";

const SECTION = "Deploy your own gateway in five minutes";
const RUNTIMES = join(root, "tests/package/runtime/node_modules");
const text = await readFile(join(root, "docs/gateway.md"), "utf8");
const snippets = snippetsOf(text);
const [install, local, ask, deploy] = snippets.filter(({ language, heading }) => language === "sh" && heading === SECTION).map(({ code }) => code);
const fileOf = (name) => snippets.find(({ file }) => file === name).code;

let folder, project, env;

before(async () => {
  env = { ...(await runtimeEnvironment()), CI: "true", WRANGLER_SEND_METRICS: "false", npm_config_audit: "false" };
  folder = await mkdtemp(join(tmpdir(), "hfetch-deploy-"));
  project = join(folder, "my-gateway");
});
after(() => rm(folder, { recursive: true, force: true }));

const shell = (code, cwd = project) => run("bash", ["-euc", code], { cwd, env, timeout: 120_000 });

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The packages that `npm install hfetch wrangler` installs: the package as built here, and the wrangler that other tests use. */
async function installPackages() {
  await mkdir(join(project, "node_modules/.bin"), { recursive: true });
  await cp(pkg, join(project, "node_modules/hfetch"), { recursive: true });
  await symlink(join(RUNTIMES, "wrangler"), join(project, "node_modules/wrangler"));
  await symlink(join(RUNTIMES, "wrangler/bin/wrangler.js"), join(project, "node_modules/.bin/wrangler"));
}

test("the project is set up", async () => {
  const [made, copied] = install.split("npm install hfetch wrangler\n");
  await shell(made, folder);
  await installPackages();
  await shell(copied);
  assert.equal(await readFile(join(project, "worker.js"), "utf8"), fileOf("worker.js"), "the document shows the file that is copied");
});

test("it runs on this machine, and answers", async (t) => {
  const [secrets, start] = local.trim().split("\n");
  await shell(secrets.replace("hf_…", TOKEN));
  await appendFile(join(project, ".dev.vars"), `HF_BASE_URL=${endpoint.url}/v1\n`);
  const port = String(await freePort());
  const server = spawn("bash", ["-c", `exec ${start} --port ${port}`], { cwd: project, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  t.after(() => process.kill(-server.pid, "SIGKILL"));
  await new Promise((resolve, reject) => {
    let printed = "";
    for (const stream of [server.stdout, server.stderr]) stream.on("data", (data) => /Ready on/.test((printed += data)) && resolve());
    server.once("exit", () => reject(new Error(printed)));
  });
  const { stdout } = await shell(`${ask.replace("8787", port).replace("curl ", "curl -sS ")}`);
  assert.match(JSON.parse(stdout).choices[0].message.content, /^You said: Hello!/);
});

test("its configuration and its code are what a deployment takes", async () => {
  const configuration = await readFile(join(project, "wrangler.jsonc"), "utf8");
  const limits = [...configuration.matchAll(/"GATEWAY_\w+": "(\d+)"/g)].map(([, value]) => Number(value).toLocaleString("en"));
  assert.match(text, new RegExp(`brings limits[^.]*: ${limits.join("[^.\\d]*")}[^.\\d]*\\.`), "the document says what they are");
  const [, date] = /"compatibility_date": "([\d-]+)"/.exec(configuration);
  assert.equal(date, COMPATIBILITY_DATE, "the date that every test of the gateway runs at");
  assert.equal(deploy.split("\n")[0], "npx wrangler deploy");
  const { stdout } = await shell("npx wrangler deploy --dry-run --outdir out");
  assert.match(stdout, /env\.LIMITS \(LimitObject\)/);
  assert.match(stdout, /--dry-run: exiting now/);
});

test("a ticket of one's own backend is taken", async () => {
  await writeFile(join(project, "issue.mjs"), fileOf("issue.js"));
  const { ticketFor } = await import(pathToFileURL(join(project, "issue.mjs")).href);
  const { gateway } = await import(pathToFileURL(join(project, "node_modules/hfetch/dist/gateway.js")).href);
  const variables = { HF_TOKEN: "hf_own", HF_BASE_URL: `${endpoint.url}/v1`, GATEWAY_TICKET_SECRET: "a secret of the operator's, long enough", GATEWAY_URL: "https://gateway.example/v1" };
  const ticket = await ticketFor({ id: "ann" }, variables);
  const response = await gateway().fetch(question({ authorization: `Bearer ${ticket}` }), variables, {});
  assert.deepEqual([response.status, response.headers.get("ratelimit-policy")], [200, '"ticket-requests";q=20;w=60']);
});

test("the gateway stands beside routes of one's own", async () => {
  await writeFile(join(project, "site.mjs"), fileOf("site.js"));
  const { default: site } = await import(pathToFileURL(join(project, "site.mjs")).href);
  const variables = { HF_TOKEN: "hf_own", HF_BASE_URL: `${endpoint.url}/v1`, GATEWAY_TICKET_SECRET: "a secret of the operator's, long enough", GATEWAY_URL: "https://gateway.example/ai" };
  const get = (path, init) => site.fetch(new Request(`https://gateway.example${path}`, init), variables, {});
  const ticket = await (await get("/ticket")).text();
  const { method, body } = { method: "POST", body: JSON.stringify({ model: MODEL, messages: MESSAGES }) };
  const statuses = await Promise.all([`Bearer ${ticket}`, "Bearer none"].map(async (authorization) => (await get("/ai/v1/chat/completions", { method, headers: { authorization }, body })).status));
  assert.deepEqual([...statuses, (await get("/v1/chat/completions")).status], [200, 401, 404]);
  await mkdir(join(project, "site/public"), { recursive: true });
  for (const name of ["site.js", "wrangler.jsonc"]) await writeFile(join(project, "site", name), fileOf(name));
  const { stdout } = await shell("npx wrangler deploy --dry-run --outdir out", join(project, "site"));
  assert.match(stdout, /env\.LIMITS \(LimitObject\)/);
  assert.match(stdout, /--dry-run: exiting now/);
});

test("rules of one's own hold", async () => {
  await writeFile(join(project, "rules.mjs"), fileOf("rules.js"));
  const { default: handler } = await import(pathToFileURL(join(project, "rules.mjs")).href);
  const points = [];
  const sessions = { s1: { id: "ann", paying: true }, s2: { id: "bob" } };
  const bindings = { SESSIONS: { get: async (key) => sessions[key] ?? null }, USAGE: { writeDataPoint: (point) => points.push(point) } };
  const variables = { HF_TOKEN: "hf_own", HF_BASE_URL: `${endpoint.url}/v1`, ...bindings };
  const waits = [];
  const as = (session, body) => handler.fetch(question({ "x-session": session }, body), variables, { waitUntil: (work) => waits.push(work) });
  assert.equal((await as("nobody")).status, 401);
  const policies = await Promise.all(["s1", "s2"].map(async (session) => (await as(session)).headers.get("ratelimit-policy")));
  assert.deepEqual(policies, ['"client-requests";q=100;w=60', '"client-requests";q=10;w=60']);
  assert.equal((await as("s1", { model: "other/model" })).status, 403);
  await Promise.all(waits);
  assert.deepEqual(points.map(({ indexes, blobs }) => [...indexes, ...blobs]).sort(), [["ann", MODEL, "ok"], ["bob", MODEL, "ok"]]);
  assert.ok(points.every(({ doubles: [tokens, usd] }) => tokens > 0 && usd > 0));
});

function question(headers, more = {}) {
  return new Request("https://gateway.example/v1/chat/completions", { method: "POST", headers, body: JSON.stringify({ model: MODEL, messages: MESSAGES, ...more }) });
}
