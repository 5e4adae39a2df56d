// The example of docs/example-chat, built and run: React's page in Chromium, its Worker and the gateway in workerd, with the stand-in endpoint behind them.

import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { chromium } from "playwright-core";
import { browsers, chromiumFlags } from "../../../scripts/browser.mjs";
import { passOn } from "../../../scripts/pass-on.mjs";
import { root } from "../../../scripts/run.mjs";
import { serve } from "../../../scripts/serve.mjs";
import { startWorker } from "../../../scripts/workerd.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";

const example = join(root, "docs/example-chat");
const pkg = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const TOKEN = "hf_the_operators_own_token";

let endpoint, worker, site, browser, folder, page;
const problems = [];

before(async () => {
  const { build } = await import("esbuild");
  folder = await mkdtemp(join(tmpdir(), "hfetch-example-"));
  await cp(join(example, "public"), folder, { recursive: true });
  const options = { bundle: true, jsx: "automatic", define: { "process.env.NODE_ENV": '"production"' }, nodePaths: [join(root, "tests/system/libraries/node_modules")], logLevel: "silent" };
  await build({ ...options, entryPoints: [join(example, "page.jsx")], outfile: join(folder, "page.js") });
  const alias = { "hfetch/ai-sdk": join(pkg, "dist/ai-sdk.js"), hfetch: join(pkg, "dist/index.js") };
  for (const name of ["direct", "provider"]) {
    await build({ ...options, alias, entryPoints: [join(root, `tests/system/libraries/pages/${name}.jsx`)], outfile: join(folder, `${name}.js`) });
    await writeFile(join(folder, `${name}.html`), `<!doctype html><title>${name}</title><main id="root"></main><script src="${name}.js"></script>`);
  }
  endpoint = await startEndpoint({ pace: 0 });
  const env = { HF_TOKEN: TOKEN, HF_BASE_URL: `${endpoint.url}/s/page/v1`, GATEWAY_TICKET_SECRET: "a secret of thirty-two letters or more" };
  worker = await startWorker({ pkg, worker: await readFile(join(example, "worker.js"), "utf8"), env, log: () => {} });
  site = await serve({ folders: { "/": folder }, routes: { "/api/": passOn("", worker.url), "/v1/": passOn("", worker.url) } });
  browser = await chromium.launch({ executablePath: await browsers.Chromium.find(), args: chromiumFlags });
});
after(async () => {
  await browser?.close();
  await site?.close();
  await worker?.close();
  await endpoint?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await page?.close();
  problems.length = 0;
  page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", ({ message }) => problems.push(message));
  await page.goto(site.url);
  await page.waitForSelector("form");
});

const chunk = (delta, finish_reason = null) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason }] });
const answer = (...deltas) => ({ sse: [...deltas.map((delta) => chunk(delta)), chunk({}, "stop"), { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 } }], done: true });

async function say(text) {
  await page.fill("input", text);
  await page.click("form button");
}

const until = (status) => page.waitForSelector(`form[data-status=${status}]`);
const shown = (selector) => page.locator(selector).allInnerTexts();
const sent = async () => (await endpoint.stats("page", "closed")).bodies.filter((body) => body?.messages);

test("it chats: thought, text and the bill are shown, and the next question has the history", async () => {
  endpoint.script("page", [answer({ reasoning: "Hm." }, { content: "Good " }, { content: "morning." }), answer({ content: "Still here." })]);
  await say("Hello");
  await page.waitForSelector("article.assistant small");
  assert.deepEqual(await shown("article.assistant p"), ["Good morning."]);
  assert.match((await shown("article.assistant small"))[0], /^12 tokens, \d+ ms$/);
  await page.click("summary");
  assert.match((await shown("details"))[0], /Hm\./);
  await say("And now?");
  await page.waitForFunction(() => document.querySelectorAll("article.assistant small").length === 2);
  const [, second] = await sent();
  assert.deepEqual(second.messages.slice(1), [
    { role: "user", content: "Hello" },
    { role: "assistant", content: "Good morning.", reasoning: "Hm." },
    { role: "user", content: "And now?" },
  ]);
  assert.deepEqual(problems, []);
});

test("it calls a tool: the page runs it, and the model goes on with what came of it", async () => {
  const call = { index: 0, id: "call_1", type: "function", function: { name: "local_time", arguments: "" } };
  endpoint.script("page", [answer({ tool_calls: [call] }, { tool_calls: [{ index: 0, function: { arguments: "{}" } }] }), answer({ content: "It is late." })]);
  await say("What time is it?");
  await page.waitForSelector('pre[data-state="output-available"]');
  await page.waitForFunction(() => [...document.querySelectorAll("article.assistant p")].some((each) => each.innerText === "It is late."));
  await until("ready");
  const [, second] = await sent();
  const [, , assistant, result] = second.messages;
  assert.deepEqual(assistant.tool_calls, [{ id: "call_1", type: "function", function: { name: "local_time", arguments: "{}" } }]);
  assert.deepEqual([result.role, result.tool_call_id, typeof JSON.parse(result.content).zone], ["tool", "call_1", "string"]);
  assert.equal(await page.locator("article.assistant").count(), 1, "the answer goes on in the same message");
  assert.deepEqual(problems, []);
});

test("it stops: what came is kept, and the call to the model ends", async () => {
  endpoint.script("page", [{ ...answer(...Array.from({ length: 3_000 }, (_, at) => ({ content: `word${at} ` }))), delayMs: 20 }]);
  await say("Go on for long");
  await page.waitForFunction(() => /word5 /.test(document.querySelector("article.assistant p")?.innerText ?? ""));
  await page.click("form button");
  await until("ready");
  const stats = await endpoint.stats("page", "disconnected:1");
  assert.deepEqual([stats.disconnected, stats.open, stats.completed], [1, 0, 0]);
  assert.match((await shown("article.assistant p"))[0], /^word0 word1 /);
  assert.deepEqual(await shown("[role=alert]"), []);
  assert.deepEqual(problems, []);
});

test("it meets errors: refused and cut answers are told without a secret, and can be asked for again", async () => {
  const cases = [
    [{ status: 400, json: { error: { message: `no, ${TOKEN}` } } }, /^The answer failed\./],
    [{ ...answer({ content: "Half an " }, { content: "answer" }), cutAfter: 300 }, /^The answer broke off before its end\./],
  ];
  for (const [step, words] of cases) {
    endpoint.script("page", [step, answer({ content: "All of it." })]);
    await say("Hello");
    await page.waitForSelector("[role=alert]");
    const [told] = await shown("[role=alert]");
    assert.match(told, words);
    assert.ok(!told.includes(TOKEN) && !told.includes(endpoint.url));
    await page.click("[role=alert] button");
    await page.waitForFunction(() => [...document.querySelectorAll("article.assistant p")].at(-1)?.innerText === "All of it.");
    await until("ready");
    assert.deepEqual(await shown("[role=alert]"), []);
  }
  assert.deepEqual(problems, []);
});

/** A page without a route for its chat: it asks the gateway itself, with a ticket. */
async function withoutRoute(name) {
  await page.goto(`${site.url}/${name}.html`);
  await page.waitForSelector("button");
  endpoint.script("page", [answer({ content: "By ticket." }), { ...answer(...Array.from({ length: 3_000 }, () => ({ content: "on " }))), delayMs: 20 }, { status: 400, json: { error: { message: "no" } } }]);
  const ask = () => page.click("button.ask");
  await ask();
  await page.waitForFunction(() => document.querySelector("pre").innerText.includes("By ticket.") && document.body.dataset.status === "ready");
  await ask();
  await page.waitForFunction(() => document.querySelector("pre").innerText.includes("on on on"));
  await page.click("button.stop");
  await page.waitForSelector("body[data-status=ready]");
  assert.equal((await endpoint.stats("page", "disconnected:1")).disconnected, 1);
  await ask();
  await page.waitForSelector("body[data-status=error]");
  const { headers } = await endpoint.stats("page");
  assert.deepEqual([...new Set(headers.map(({ authorization }) => authorization))], [`Bearer ${TOKEN}`], "the page's ticket ends at the gateway");
  assert.deepEqual(problems, []);
}

test("useChat in a page that asks the gateway itself, with a ticket: it chats, stops, and meets an error", () => withoutRoute("direct"));

test("the AI SDK in a page, on the provider, with a ticket: the same", () => withoutRoute("provider"));
