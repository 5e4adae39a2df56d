// Every feature in one browser, with clicks and with keys; a failure leaves a screenshot.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "../../../../scripts/run.mjs";
import { startBrowser } from "../drivers/driver.mjs";
import { features } from "./features.mjs";
import { startStage } from "./stage.mjs";

export const SCREENSHOTS = join(root, "www/screenshots");
const TIME_LIMIT = 120_000;
const WAYS = { click: (page) => (selector) => page.click(selector), key: (page) => (selector) => page.activate(selector) };

/** Runs with a page, which is closed in the end. A failure leaves a screenshot of it, named after what was tried. */
export async function orScreenshot(page, name, run) {
  try {
    await run();
  } catch (error) {
    const path = join(SCREENSHOTS, "failed", `${name.replace(/\W+/g, "-")}.png`);
    await mkdir(join(SCREENSHOTS, "failed"), { recursive: true });
    await page.screenshot(path).then(
      () => (error.message += `\n  screenshot: ${path}`),
      (reason) => (error.message += `\n  no screenshot: ${reason.message}`),
    );
    throw error;
  } finally {
    await page.close();
  }
}

/** `ways`: "click", "key" or both. */
export function featuresIn(name, ways = Object.keys(WAYS)) {
  describe(name, { concurrency: 1 }, () => {
    let stage, browser;
    before(async () => {
      stage = await startStage();
      browser = await startBrowser(name);
    });
    after(async () => {
      await browser?.close();
      await stage?.close();
    });
    for (const way of ways) {
      for (const [feature, run] of Object.entries(features)) {
        test(`${feature}, by ${way}`, { timeout: TIME_LIMIT }, async () => {
          stage.next();
          const page = await browser.open(stage.url);
          await orScreenshot(page, `${name}-${feature}-${way}`, () => run({ page, stage, act: WAYS[way](page), byKey: way === "key" }));
        });
      }
    }
  });
}
