// WebKit in the form of WebKitGTK, driven by Selenium and WebKitWebDriver on a display of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { Builder, By, Capabilities, Key } from "selenium-webdriver";
import { startDisplay } from "../../../../scripts/browser.mjs";
import { which } from "../../../../scripts/run.mjs";

// The window of a page in a frame: large enough for every size that is needed.
const ROOM = [1440, 1100];
const KEYS = { Enter: Key.ENTER, Escape: Key.ESCAPE, Tab: Key.TAB, Backspace: Key.BACK_SPACE, ArrowDown: Key.ARROW_DOWN, ArrowUp: Key.ARROW_UP, ArrowRight: Key.ARROW_RIGHT, ArrowLeft: Key.ARROW_LEFT, Shift: Key.SHIFT, Space: Key.SPACE, End: Key.END, Home: Key.HOME };

export async function start(binary, profile) {
  const display = await startDisplay("1600x1200");
  const port = await freePort();
  // In the C locale it would give pages a language that doesn't exist.
  const env = { ...process.env, ...display.environment(profile), LANG: "en_US.UTF-8", LANGUAGE: "en_US", LC_ALL: "" };
  const program = spawn(which("WebKitWebDriver"), [`--port=${port}`], { env, stdio: "ignore", detached: true });
  await listening(port);
  const capabilities = new Capabilities({ browserName: "MiniBrowser", "webkitgtk:browserOptions": { binary, args: ["--automation"] } });
  const driver = await new Builder().usingServer(`http://127.0.0.1:${port}`).withCapabilities(capabilities).build();
  return {
    async open(url, width, height, frame) {
      await resize(driver, ...(frame ? ROOM : [width, height]));
      await driver.get(frame ?? url);
      if (frame) await resizeFrame(driver, width, height);
      return {
        evaluate: (run, args) => driver.executeScript(`return (${run})(...arguments)`, ...args),
        click: (selector) => driver.findElement(By.css(selector)).click(),
        keys: (keys) => press(driver, keys),
        resize: (width, height) => (frame ? resizeFrame : resize)(driver, width, height),
        screenshot: async (path) => writeFile(path, await screenshot(driver, frame), "base64"),
        close: () => driver.get("about:blank"),
      };
    },
    async close() {
      await driver.quit();
      const gone = once(program, "exit");
      process.kill(-program.pid, "SIGKILL");
      await gone;
      display.close();
    },
  };
}

async function press(driver, keys) {
  for (const key of keys) {
    const parts = key.length > 1 ? key.split("+") : [key];
    const last = parts.pop();
    const actions = driver.actions({ async: true });
    for (const modifier of parts) actions.keyDown(KEYS[modifier]);
    actions.sendKeys(KEYS[last] ?? last);
    for (const modifier of parts) actions.keyUp(KEYS[modifier]);
    await actions.perform();
  }
}

// A window's size includes its frame, and the page's size is wanted.
async function resize(driver, width, height) {
  const inner = () => driver.executeScript("return [innerWidth, innerHeight]");
  await driver.manage().window().setRect({ x: 0, y: 0, width, height });
  const [innerWidth, innerHeight] = await inner();
  await driver.manage().window().setRect({ x: 0, y: 0, width: 2 * width - innerWidth, height: 2 * height - innerHeight });
}

// A window can't be as narrow as a phone here. A frame can, and it has a viewport of its own for styles and scripts.
async function resizeFrame(driver, width, height) {
  await driver.switchTo().defaultContent();
  const style = { width: `${width}px`, height: `${height}px` };
  await driver.executeScript("Object.assign(document.querySelector('iframe').style, arguments[0])", style);
  await driver.switchTo().frame(0);
}

// WebKitGTK takes a screenshot with the next frame that it draws, and waits for ever if nothing moves.
async function screenshot(driver, frame) {
  await driver.switchTo().defaultContent();
  await driver.executeScript("window.moving = document.documentElement.animate({ opacity: [1, 0.999] }, { duration: 1000, iterations: Infinity })");
  try {
    return await (frame ? driver.findElement(By.css("iframe")) : driver).takeScreenshot();
  } finally {
    await driver.executeScript("window.moving.cancel()");
    if (frame) await driver.switchTo().frame(0);
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await fetch(`http://127.0.0.1:${port}/status`).then(() => true, () => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("WebKitWebDriver does not answer");
}
