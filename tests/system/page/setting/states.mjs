// The states of the page that are worth looking at; each function brings a fresh page into one.

const ask = async (page, text) => {
  const before = await page.count(".settlement");
  await page.type("#prompt", text);
  await page.press("Enter");
  await page.until((count) => document.querySelectorAll(".settlement").length > count && !document.querySelector(".answer[aria-busy]"), before);
};

const panel = async (page, name) => {
  await page.evaluate((hash) => void (location.hash = hash), name);
  await page.seen(`#${name}`);
};

export const states = {
  "chat-empty": async () => {},
  "chat-markdown": async ({ page }) => {
    await ask(page, "Show what Markdown can do.");
    await page.until(() => document.querySelectorAll(".hljs-keyword").length > 2);
  },
  "chat-code": async ({ page }) => {
    await ask(page, "How do I stream with hfetch?");
    await page.until(() => document.querySelectorAll(".hljs-keyword").length > 2);
  },
  "chat-tool": async ({ page }) => {
    await page.click("#examples [data-tools]");
    await page.until(() => document.querySelectorAll(".settlement").length === 2);
  },
  "chat-reasoning": async ({ page }) => {
    await page.click("#model");
    await page.seen(".offer");
    await page.type("#model-other", "deepseek-ai/DeepSeek-R1:novita");
    await page.click('#models [value="use"]');
    await ask(page, "Think first.");
    await page.click(".reasoning summary");
  },
  "chat-waiting": async ({ page, stage }) => {
    await ask(page, "What does it cost?");
    stage.script({ stallBeforeHeaders: true });
    await page.type("#prompt", "And in the meantime?");
    await page.press("Enter");
    await page.seen(".step.waiting");
  },
  "chat-error": async ({ page, stage }) => {
    await ask(page, "What does it cost?");
    stage.script({ status: 429, headers: { "retry-after": "31" } });
    await ask(page, "One too many?");
    await page.seen(".card");
  },
  models: async ({ page }) => {
    await page.click("#model");
    await page.seen(".offer");
  },
  parameters: async ({ page }) => page.click("#parameters"),
  connection: async ({ page }) => page.click("#source"),
  focus: async ({ page }) => page.press("Tab", "Tab", "Tab", "Tab"),
  "ledger-empty": async ({ page }) => panel(page, "ledger"),
  ledger: async ({ page, stage }) => {
    await ask(page, "What does it cost?");
    stage.script({ cutAfter: 1500, cut: "end" }, { status: 400 });
    await ask(page, "Will it last?");
    await ask(page, "And now?");
    await panel(page, "ledger");
    await page.seen("#settlements");
  },
  "limits-empty": async ({ page }) => panel(page, "limits"),
  limits: async ({ page }) => {
    await panel(page, "limits");
    await page.click("#burst button");
    await page.until(() => /held/.test(document.querySelector("#burst-verdict").textContent));
  },
  "faults-empty": async ({ page }) => panel(page, "faults"),
  faults: async ({ page }) => {
    await panel(page, "faults");
    await page.click('[data-fault="silent"]');
    await page.until(() => document.querySelector(".timeline .settled") && !document.querySelector("#fault-result[aria-busy]"));
  },
  "embeddings-empty": async ({ page }) => panel(page, "embeddings"),
  embeddings: async ({ page }) => {
    await panel(page, "embeddings");
    await page.click("#lines button");
    await page.seen(".map");
    await page.focus(".lines li:nth-child(5) button");
  },
  "race-empty": async ({ page }) => panel(page, "race"),
  race: async ({ page }) => {
    await panel(page, "race");
    await page.type('#start-race [name="rounds"]', "3");
    await page.click("#start-race button");
    await page.until(() => document.querySelector("#race-result table") !== null);
  },
  "meter-open": async ({ page }) => {
    await ask(page, "Why do streams need backpressure?");
    await page.evaluate(() => document.querySelector("#meter-toggle").click());
  },
};

/** Light or dark, whatever the system uses. */
export const setTheme = (page, theme) =>
  page.evaluate((wanted) => {
    document.documentElement.dataset.theme = wanted;
    document.dispatchEvent(new Event("themechange"));
  }, theme);
