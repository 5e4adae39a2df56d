// Firefox, driven by Puppeteer over WebDriver BiDi, which needs no driver program.
import { launch } from "puppeteer-core";

export async function start(executablePath, profile) {
  const browser = await launch({
    browser: "firefox",
    executablePath,
    userDataDir: profile,
    env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: "1" },
    extraPrefsFirefox: { "browser.download.dir": profile, "browser.download.folderList": 2 },
  });
  return {
    async open(url, width, height) {
      const page = await browser.newPage();
      await resize(page, width, height);
      await page.goto(url);
      return {
        evaluate: (run, args) => page.evaluate(run, ...args),
        click: (selector) => page.click(selector),
        async keys(keys) {
          for (const key of keys) {
            const parts = key.length > 1 ? key.split("+") : [key];
            const last = parts.pop();
            for (const modifier of parts) await page.keyboard.down(modifier);
            await page.keyboard.press(last);
            for (const modifier of parts) await page.keyboard.up(modifier);
          }
        },
        resize: (width, height) => resize(page, width, height),
        screenshot: (path) => page.screenshot({ path }),
        close: () => page.close(),
      };
    },
    close: () => browser.close(),
  };
}

// Puppeteer also turns the screen, which Firefox 140 ESR can't do; the size has been set by then.
async function resize(page, width, height) {
  await page.setViewport({ width, height }).catch((error) => {
    if (!error.message.includes("unknown command emulation.setScreenOrientationOverride")) throw error;
  });
}
