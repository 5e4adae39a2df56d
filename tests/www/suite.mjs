// Every feature in one browser, by click and by key; what fails leaves a screenshot.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "../../scripts/run.mjs";
import { startBrowser } from "./drivers/driver.mjs";
import { features } from "./features.mjs";
import { startStage } from "./stage.mjs";

const SCREENSHOTS = join(root, "www/screenshots");
const TIME_LIMIT = 120_000;
const WAYS = { click: (page) => (selector) => page.click(selector), key: (page) => (selector) => page.activate(selector) };

/** `ways`: "click", "key" or both. */
export function featuresIn(name, ways = Object.keys(WAYS)) {
  describe(name, { concurrency: 1 }, () => {
    let stage, browser;
    before(async () => {
      stage = await startStage();
      browser = await startBrowser(name);
      await mkdir(join(SCREENSHOTS, "failed"), { recursive: true });
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
          try {
            await run({ page, stage, act: WAYS[way](page), byKey: way === "key" });
          } catch (error) {
            const path = join(SCREENSHOTS, "failed", `${name}-${feature.replace(/\W+/g, "-")}-${way}.png`);
            await page.screenshot(path);
            error.message += `\n  screenshot: ${path}`;
            throw error;
          } finally {
            await page.close();
          }
        });
      }
    }
  });
}
