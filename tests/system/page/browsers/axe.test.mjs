// axe-core's findings for every state of the page.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { startBrowser } from "../drivers/driver.mjs";
import { startStage } from "../setting/stage.mjs";
import { setTheme, states } from "../setting/states.mjs";

let stage;
before(async () => (stage = await startStage()));
after(() => stage.close());

describe("axe-core", { concurrency: 1 }, () => {
  let browser, axe;
  before(async () => {
    browser = await startBrowser("Chromium");
    axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  });
  after(() => browser?.close());
  for (const [state, reach] of Object.entries(states)) {
    test(state, async () => {
      stage.next();
      const page = await browser.open(stage.url);
      await reach({ page, stage });
      await page.evaluate(`() => void (() => { ${axe} })()`);
      for (const [width, theme] of [[1280, "light"], [1280, "dark"], [390, "light"]]) {
        await page.resize(width, 800);
        await setTheme(page, theme);
        const found = await page.evaluate(async () => (await window.axe.run({ resultTypes: ["violations"] })).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, any }) => `${target} ${any[0]?.message ?? ""}`).join("; ")}`));
        assert.deepEqual(found, [], `${width} px, ${theme}`);
      }
      await page.close();
    });
  }
});
