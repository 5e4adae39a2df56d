// A browser opens a page that was started with a token: everything that the browser receives is searched for the token.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { browsers, chromiumFlags } from "../../../scripts/browser.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";
import { start } from "./setting/start.mjs";

const TOKEN = "hf_TheTokenOfWhoeverStartedIt";
let endpoint, browser;

before(async () => {
  endpoint = await startEndpoint();
  browser = await chromium.launch({ executablePath: await browsers.Chromium.find(), args: chromiumFlags });
});
after(async () => {
  await browser?.close();
  await endpoint?.close();
});

/** Opens the page and keeps everything that it receives. */
async function open(url) {
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  const received = [];
  page.on("console", (message) => received.push(message.text()));
  page.on("response", (response) => {
    const text = async () => `${response.url()} ${JSON.stringify(await response.allHeaders())} ${await response.text().catch(() => "")}`;
    received.push(text());
  });
  await page.goto(url);
  await page.waitForSelector("html[data-ready]");
  return { page, received };
}

async function ask(page, text) {
  const answers = await page.locator(".answer").count();
  await page.fill("#prompt", text);
  await page.keyboard.press("Enter");
  await page.waitForFunction((before) => document.querySelectorAll(".answer").length > before && !document.querySelector(".answer[aria-busy]"), answers);
}

async function embed(page) {
  await page.click('#top nav a[href="#embeddings"]');
  await page.click("#lines button");
  await page.waitForSelector(".map");
}

test("with a token: real answers, and nothing the browser received has the token in it", async (t) => {
  const { url, stop } = await start(t, 0, { HF_TOKEN: TOKEN, HF_BASE_URL: `${endpoint.url}/s/token/v1` });
  const { page, received } = await open(url);
  assert.match(await page.innerText("#source"), /Live, through the gateway/);
  await ask(page, "Through the gateway?");
  assert.match(await page.innerText(".answer"), /You said: Through the gateway\?/);
  assert.match(await page.innerText(".settlement"), /\d+ \+ \d+ tokens[^]*\$0\.\d+[^]*novita/, "the gateway says what a page has to know");
  await page.click("#model");
  await page.waitForSelector(".offer");
  await page.keyboard.press("Escape");
  // The server refuses the key itself, and the gateway's error must not reveal it.
  endpoint.script("token", [{ status: 401 }]);
  await ask(page, "And with a bad key?");
  await embed(page);
  await page.click('#top nav a[href="#faults"]');
  await page.waitForSelector("#no-faults:not([hidden])");
  await page.click('#top nav a[href="#race"]');
  await page.fill('#start-race [name="rounds"]', "3");
  await page.click("#start-race button");
  await page.waitForSelector("#race-result table");
  const { headers } = await endpoint.stats("token");
  assert.ok(headers.some(({ authorization }) => authorization === `Bearer ${TOKEN}`), "the endpoint did get it");
  const all = [...(await Promise.all(received)), await page.content(), await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]))];
  assert.ok(all.length > 15 && all.some((text) => text.includes("data: [DONE]")), "there was something to search");
  for (const secret of [TOKEN, Buffer.from(TOKEN).toString("base64"), TOKEN.slice(3)]) assert.equal(all.find((text) => text.includes(secret)), undefined);
  await page.close();
  assert.equal(await stop(), 0);
});

test("without a token: every panel works through the gateway, and the stand-in is named", async (t) => {
  const { url, stop } = await start(t, 0);
  const { page } = await open(url);
  assert.match(await page.innerText("#source"), /Stand-in endpoint/);
  await ask(page, "Hello?");
  assert.match(await page.innerText(".answer"), /You said: Hello\?[^]*novita/);
  await embed(page);
  await page.click('#top nav a[href="#limits"]');
  await page.click("#burst button");
  await page.waitForFunction(() => /The limit held: of 40 calls 12 were sent/.test(document.querySelector("#burst-verdict").textContent));
  await page.click('#top nav a[href="#faults"]');
  for (const [fault, story] of Object.entries({ 429: /Settled as ok: 2 requests/, cut: /StreamTruncatedError/ })) {
    await page.click(`[data-fault="${fault}"]`);
    await page.waitForFunction(([id, source]) => document.querySelector(`[data-fault="${id}"][aria-pressed]`) && new RegExp(source).test(document.querySelector("#fault-result").innerText), [fault, story.source]);
  }
  await page.close();
  assert.equal(await stop(), 0);
});
