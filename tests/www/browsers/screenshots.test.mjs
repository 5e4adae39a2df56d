// Every state at three widths and in both themes, in each browser, for the eye; and what an eye should not have to find.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { browsers } from "../../../scripts/browser.mjs";
import { root } from "../../../scripts/run.mjs";
import { startBrowser } from "../drivers/driver.mjs";
import { startStage } from "../stage.mjs";
import { setTheme, states } from "../states.mjs";

const TIME_LIMIT = 120_000;
const SIZES = { phone: [390, 780], tablet: [820, 1100], wide: [1440, 900] };
// WebKitGTK gives no screenshot any more once its window has had another size.
const SIZES_OF = { WebKit: { wide: [1280, 800] } };
const wanted = process.env.HFETCH_BROWSERS?.split(",") ?? Object.keys(browsers);

for (const name of wanted) {
  describe(name, { concurrency: 1 }, () => {
    const folder = join(root, "www/screenshots", name.toLowerCase());
    let stage, browser;
    before(async () => {
      stage = await startStage({ pace: 5 });
      browser = await startBrowser(name);
      await mkdir(folder, { recursive: true });
    });
    after(async () => {
      await browser?.close();
      await stage?.close();
    });
    for (const [state, reach] of Object.entries(states)) {
      test(state, { timeout: TIME_LIMIT }, async () => {
        for (const [size, [width, height]] of Object.entries(SIZES_OF[name] ?? SIZES)) {
          stage.next();
          const page = await browser.open(stage.url, width, height);
          await reach({ page, stage });
          for (const theme of ["light", "dark"]) {
            await setTheme(page, theme);
            await page.screenshot(join(folder, `${state}-${size}-${theme}.png`));
          }
          const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(wider <= 0, `${size}: ${wider} px wider than the screen`);
          await page.close();
        }
      });
    }
  });
}
