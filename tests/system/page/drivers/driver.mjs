// One interface for three browsers: what a person does with a page, and what can be asked of it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { browsers } from "../../../../scripts/browser.mjs";

const PATIENCE = 30_000; // ms until a condition that doesn't come true counts as a failure

/**
 * Starts a browser by its name in scripts/browser.mjs; returns { name, open(url, width, height, frame), close() }. `open` returns a Page. `frame` is the address of a
 * page that shows the wanted one in a frame, for a browser that can change its size only in this way.
 */
export async function startBrowser(name) {
  const path = await browsers[name].find();
  const { start } = await import(`./${name.toLowerCase()}.mjs`);
  const profile = await mkdtemp(join(tmpdir(), "hfetch-driver-"));
  const browser = await start(path, profile);
  return {
    name,
    open: async (url, width = 1280, height = 800, frame) => {
      const page = new Page(await browser.open(url, width, height, frame));
      await page.ready();
      return page;
    },
    async close() {
      await browser.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** A page, based on what its browser's driver can do: { evaluate, click, keys, resize, screenshot, goto, theme, close }. */
class Page {
  #raw;

  constructor(raw) {
    this.#raw = raw;
  }

  /** Waits until the page is ready; from then on it collects what goes wrong in it. */
  async ready() {
    await this.until(() => document.documentElement.dataset.ready === "true");
    await this.evaluate(() => {
      window.problems = [];
      addEventListener("error", ({ message }) => window.problems.push(message));
      addEventListener("unhandledrejection", ({ reason }) => window.problems.push(String(reason)));
      document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => window.problems.push(`${violatedDirective}: ${blockedURI}`));
    });
  }

  problems() {
    return this.evaluate(() => window.problems);
  }

  /** Runs a function in the page and returns its result, which must be plain data. */
  evaluate(run, ...args) {
    return this.#raw.evaluate(run, args);
  }

  /** Waits until a function in the page returns something true, and returns that. */
  async until(run, ...args) {
    const last = Date.now() + PATIENCE;
    for (;;) {
      const value = await this.evaluate(run, ...args).catch((error) => {
        if (Date.now() > last) throw error;
      });
      if (value) return value;
      if (Date.now() > last) throw new Error(`it never came true: ${run} ${JSON.stringify(args)}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  /** Waits until an element is there and visible. */
  seen(selector) {
    return this.until((wanted) => {
      const found = document.querySelector(wanted);
      return found !== null && found.checkVisibility();
    }, selector);
  }

  text(selector) {
    return this.evaluate((wanted) => document.querySelector(wanted)?.innerText ?? null, selector);
  }

  count(selector) {
    return this.evaluate((wanted) => document.querySelectorAll(wanted).length, selector);
  }

  async click(selector) {
    await this.seen(selector);
    await this.evaluate((wanted) => document.querySelector(wanted).scrollIntoView({ block: "center", behavior: "instant" }), selector);
    await this.#raw.click(selector);
  }

  /** Does what a person without a pointer does, once the element has the focus. */
  async activate(selector, key = "Enter") {
    await this.focus(selector);
    await this.press(key);
  }

  async focus(selector) {
    await this.seen(selector);
    await this.evaluate((wanted) => document.querySelector(wanted).focus(), selector);
    await this.until((wanted) => document.activeElement === document.querySelector(wanted), selector);
  }

  /** Presses keys by their names: "Enter", "Tab", "ArrowDown", "Shift+Tab" or a character. */
  press(...keys) {
    return this.#raw.keys(keys);
  }

  /** Replaces the content of a field by typing. */
  async type(selector, text) {
    await this.focus(selector);
    await this.evaluate((wanted) => document.querySelector(wanted).select(), selector);
    await this.press(...(text ? [...text] : ["Backspace"]));
    await this.until((wanted, expected) => document.querySelector(wanted).value === expected, selector, text);
  }

  resize(width, height) {
    return this.#raw.resize(width, height);
  }

  /** Waits until the last change is laid out and drawn. */
  drawn() {
    return this.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  }

  screenshot(path) {
    return this.#raw.screenshot(path);
  }

  close() {
    return this.#raw.close();
  }
}
