// The README's pages, as they stand, in Chromium: the CDN is the package named in HFETCH_PACKAGE, the router the stand-in endpoint.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { browsers } from "../../scripts/browser.mjs";
import { root } from "../../scripts/run.mjs";
import { startEndpoint } from "../endpoint/server.mjs";
import { snippetsOf } from "../readme/snippets.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const CDN = "https://cdn.jsdelivr.net/npm/hfetch/";
const ROUTER = "https://router.huggingface.co";
const PAGE = "https://reader.example/";

const pages = snippetsOf(await readFile(join(root, "README.md"), "utf8")).filter(({ language }) => language === "html");
let endpoint, browser;

before(async () => {
  endpoint = await startEndpoint({ pace: 0 });
  browser = await chromium.launch({ executablePath: await browsers.Chromium.find(), args: ["--no-sandbox", "--disable-gpu"] });
});

after(async () => {
  await browser?.close();
  await endpoint?.close();
});

for (const { line, heading, code } of pages) {
  test(`README.md:${line}: ${heading}`, async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(10_000);
    const problems = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("dialog", (dialog) => dialog.accept("hf_visitor"));
    await page.route("**/*", async (route) => {
      const url = route.request().url();
      if (url === PAGE) return route.fulfill({ contentType: "text/html", body: code });
      if (url.startsWith(CDN)) {
        const headers = { "access-control-allow-origin": "*" };
        return route.fulfill({ contentType: "text/javascript", headers, path: join(packageFolder, url.slice(CDN.length)) });
      }
      if (url.startsWith(ROUTER)) return route.fulfill({ response: await route.fetch({ url: url.replace(ROUTER, endpoint.url) }) });
      return url.endsWith("favicon.ico") ? route.fulfill({ status: 404 }) : route.abort();
    });
    await page.goto(PAGE);
    await page.waitForFunction(() => document.querySelector("#answer").textContent.includes("three languages"));
    assert.deepEqual(problems, []);
    await page.close();
  });
}

test("the README has a page to run", () => assert.notEqual(pages.length, 0));
