// The checks of the page in every test run. `npm run test:page` tests Chromium with clicks and keys, and with `--all` all three browsers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { browsers, chromiumFlags } from "../../../scripts/browser.mjs";
import { startStage } from "./setting/stage.mjs";
import { featuresIn } from "./setting/suite.mjs";

featuresIn("Chromium", ["click"]);

test("who wants less motion gets none", async (t) => {
  const stage = await startStage();
  const browser = await chromium.launch({ executablePath: await browsers.Chromium.find(), args: chromiumFlags });
  t.after(async () => {
    await browser.close();
    await stage.close();
  });
  for (const [reducedMotion, expected] of [["no-preference", "breathe"], ["reduce", "none"]]) {
    stage.next();
    const page = await browser.newPage({ reducedMotion });
    await page.goto(stage.url);
    await page.waitForSelector("html[data-ready]");
    stage.script({}, { stallBeforeHeaders: true });
    await page.fill("#prompt", "Hello?");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".step.waiting");
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector(".step.waiting"), "::before").animationName), expected);
    await page.close();
  }
});
