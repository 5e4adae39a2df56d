// The demo page in Chromium, on the package named in HFETCH_PACKAGE (default: pkg/) and the stand-in endpoint.

import assert from "node:assert/strict";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { chromium } from "playwright-core";
import { browsers } from "../../scripts/browser.mjs";
import { buildPage, servePage } from "../../scripts/page.mjs";
import { passOn } from "../../scripts/pass-on.mjs";
import { root } from "../../scripts/run.mjs";
import { startEndpoint } from "../endpoint/server.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const screenshots = join(root, "www/screenshots");
const model = "meta-llama/Llama-3.1-8B-Instruct";

let endpoint, folder, server, browser, page, problems, id;
let count = 0;

before(async () => {
  endpoint = await startEndpoint({ pace: 0 });
  folder = await buildPage(packageFolder, join(root, `target/www-${process.pid}`));
  server = await servePage({
    folder,
    config: { baseURL: "/v1", apiKey: "stand-in", model, standIn: true, faults: "/stand-in", direct: "https://router.huggingface.co/v1" },
    routes: { "/v1/": (request, response) => passOn("/v1", `${endpoint.url}/s/${id}/v1`)(request, response) },
  });
  browser = await chromium.launch({ executablePath: await browsers.Chromium.find(), args: ["--no-sandbox", "--disable-gpu"] });
  await mkdir(screenshots, { recursive: true });
});

after(async () => {
  await browser?.close();
  await server?.close();
  await endpoint?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  id = `demo-${(count += 1)}`;
  problems = [];
  page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  page.setDefaultTimeout(10_000);
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await page.goto(server.url);
  await page.waitForSelector("html[data-ready]");
});

afterEach(async () => {
  await page.screenshot({ path: join(screenshots, `${id}.png`) });
  await page.close();
});

async function ask(text) {
  await page.fill("#prompt", text);
  await page.keyboard.press("Enter");
}

const lastAnswer = () => page.locator(".answer").last();

async function askToTheEnd(text) {
  const before = await page.locator(".settlement").count();
  await ask(text);
  await page.locator(".settlement").nth(before).waitFor();
}

async function choose(name) {
  await page.click("#model");
  await page.fill("#model-other", name);
  await page.keyboard.press("Enter");
}

/** The next request gets this step. The catalogue has been asked for its prices by then. */
async function script(step) {
  await askToTheEnd("What does it cost?");
  endpoint.script(id, [step]);
}

test("an answer streams in and ends in tokens and cost", async () => {
  assert.match(await page.textContent("#source"), /Stand-in/);
  await askToTheEnd("Name the stars of Orion.");
  assert.match(await lastAnswer().locator("p").first().textContent(), /Name the stars of Orion/);
  const settlement = await lastAnswer().locator(".settlement").innerText();
  assert.match(settlement, /\d+ \+ \d+ tokens\s/);
  assert.doesNotMatch(settlement, /estimated/, "usage as reported is not called an estimate");
  assert.match(settlement, /\$0\.\d*[1-9]/);
  assert.match(await page.textContent("#spend"), /1 request, \d+ tokens/);
  assert.deepEqual(problems, []);
});

test("the conversation so far goes with the next question", async () => {
  await askToTheEnd("First question.");
  await askToTheEnd("Second question.");
  const { bodies } = await endpoint.stats(id);
  assert.deepEqual(bodies.at(-1).messages.map(({ role }) => role), ["user", "assistant", "user"]);
});

test("Stop hangs up on the server and says that it was stopped", async () => {
  await script({ stallAfter: 400 });
  await ask("Talk for a long time.");
  await endpoint.stats(id, "open:1");
  await page.click("#stop");
  await lastAnswer().locator(".settlement").waitFor();
  assert.match(await lastAnswer().locator(".settlement").innerText(), /stopped/);
  assert.match(await lastAnswer().locator(".settlement").innerText(), /estimated/);
  const { open, disconnected } = await endpoint.stats(id, "closed");
  assert.deepEqual({ open, disconnected }, { open: 0, disconnected: 1 });
  assert.equal(await lastAnswer().locator(".card").count(), 0);
  assert.ok(await page.isVisible("#send"));
});

test("Escape stops too", async () => {
  await script({ stallBeforeHeaders: true });
  await ask("Hello?");
  await endpoint.stats(id, "requests:1");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#send:not([hidden])");
  assert.equal((await endpoint.stats(id, "closed")).open, 0);
});

test("an error is a card that says what happened and what to do", async () => {
  await choose("no-such/model");
  await ask("Hello?");
  const card = page.getByRole("alert");
  await card.waitFor();
  const text = await card.innerText();
  assert.match(text, /^ConfigError/);
  assert.match(text, /no-such\/model/);
  assert.match(text, /A budget needs a price/);
  await choose(model);
  await card.getByRole("button", { name: "Try again" }).click();
  await lastAnswer().locator(".settlement").waitFor();
  assert.match(await lastAnswer().locator("p").first().textContent(), /Hello/);
});

test("a stream that breaks keeps what had arrived", async () => {
  await script({ errorFrame: 1 });
  await ask("Hello?");
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /^StreamError/);
  assert.notEqual(await lastAnswer().locator("p").first().textContent(), "");
});

test("the policy lets the page talk to itself and the endpoint only", async () => {
  const outcome = await page.evaluate(() => fetch("http://127.0.0.1:9/").then(() => "sent", () => "blocked"));
  assert.equal(outcome, "blocked");
  assert.match(problems.join("\n"), /Content Security Policy/);
});

test("the page holds on a phone, in both themes", async () => {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 360, height: 640 });
    await askToTheEnd(`In ${colorScheme}, a long word: ${"incomprehensibilities".repeat(6)}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(overflow, 0, "nothing is wider than the screen");
    await page.screenshot({ path: join(screenshots, `phone-${colorScheme}.png`) });
  }
});
