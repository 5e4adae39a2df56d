// Chromium, driven by Playwright.
import { chromium } from "playwright-core";
import { chromiumFlags } from "../../../../scripts/browser.mjs";

export async function start(executablePath) {
  const browser = await chromium.launch({ executablePath, args: chromiumFlags });
  return {
    async open(url, width, height) {
      const context = await browser.newContext({ viewport: { width, height }, acceptDownloads: true });
      const page = await context.newPage();
      await page.goto(url);
      return {
        page,
        evaluate: (run, args) => page.evaluate(`(${run})(...${JSON.stringify(args)})`),
        click: (selector) => page.locator(selector).first().click(),
        async keys(keys) {
          for (const key of keys) await page.keyboard.press(key);
        },
        resize: (width, height) => page.setViewportSize({ width, height }),
        screenshot: (path) => page.screenshot({ path }),
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}
