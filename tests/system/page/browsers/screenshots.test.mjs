// Screenshots of every state in three widths and both themes, in each browser, for a person to look at; and checks of what no person should have to find.
import assert from "node:assert/strict";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { browsers } from "../../../../scripts/browser.mjs";
import { startBrowser } from "../drivers/driver.mjs";
import { buildStage, startStage } from "../setting/stage.mjs";
import { setTheme, states } from "../setting/states.mjs";
import { orScreenshot, SCREENSHOTS } from "../setting/suite.mjs";

const TIME_LIMIT = 180_000;
// A state is entered in the first size and must survive a change to the others.
const SIZES = { phone: [390, 780], tablet: [820, 1100], wide: [1440, 900] };
const wanted = process.env.HFETCH_BROWSERS?.split(",") ?? Object.keys(browsers);
const set = process.env.HFETCH_SHOTS ?? "current";

/** Takes a second screenshot of the end of a panel that is longer than the screen. The chat is at its end already. */
async function andBelow(page, path) {
  const scrollTo = (end) =>
    page.evaluate((wanted) => {
      const panel = document.querySelector(".panel:not(#chat, [hidden])");
      if (!panel || (wanted && (panel.scrollTop > 0 || panel.scrollHeight - panel.clientHeight < 40))) return false;
      panel.scrollTop = wanted ? panel.scrollHeight : 0;
      return true;
    }, end);
  if (!(await scrollTo(true))) return;
  await page.drawn();
  await page.screenshot(path);
  await scrollTo(false);
}

// The screenshots are taken side by side, since nothing here measures time.
describe("screenshots", { concurrency: wanted.length }, () => {
  let built;
  before(async () => (built = await buildStage()));
  after(() => rm(built, { recursive: true, force: true }));
  for (const name of wanted) {
    describe(name, { concurrency: 1 }, () => {
      const folder = join(SCREENSHOTS, set, name.toLowerCase());
      let stage, browser;
      before(async () => {
        stage = await startStage({ pace: 5, built, framed: true });
        browser = await startBrowser(name);
        await mkdir(folder, { recursive: true });
      });
      after(async () => {
        await browser?.close();
        await stage?.close();
      });
      for (const [state, reach] of Object.entries(states)) {
        test(state, { timeout: TIME_LIMIT }, async () => {
          stage.next();
          const page = await browser.open(stage.url, ...SIZES.phone, stage.frame);
          await orScreenshot(page, `${name}-${state}`, async () => {
            await reach({ page, stage });
            for (const [size, [width, height]] of Object.entries(SIZES)) {
              await page.resize(width, height);
              for (const theme of ["light", "dark"]) {
                await setTheme(page, theme);
                await page.drawn();
                await page.screenshot(join(folder, `${state}-${size}-${theme}.png`));
                await andBelow(page, join(folder, `${state}-${size}-${theme}-below.png`));
              }
              const [wider, longer] = await page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]);
              assert.ok(wider <= 0, `${size}: ${wider} px wider than the screen`);
              assert.ok(longer <= 0, `${size}: ${longer} px longer than the screen, besides what scrolls in its panels`);
            }
          });
        });
      }
    });
  }
});
