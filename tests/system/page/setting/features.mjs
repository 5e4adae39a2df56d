// The features of the page, each as a person uses it: `act` is a click or, without a pointer, a key on the focused element.
import assert from "node:assert/strict";
import { MODEL } from "./stage.mjs";

const FAULTS = {
  429: [/Status 429, Retry-After: 1.*Request 2 is sent.*Status 200.*complete.*Settled as ok: 2 requests/s],
  loading: [/Status 503, loading.*Request 2 is sent.*Settled as ok: 2 requests/s],
  "long-wait": [/Status 429, Retry-After: 3.*RateLimitError.*Settled as error: 1 request,/s],
  "error-frame": [/Status 200.*You said.*StreamError.*had arrived.*Settled as error/s],
  cut: [/You said.*StreamTruncatedError.*had arrived.*Settled as truncated.*estimated/s],
  silent: [/You said.*StreamTruncatedError.*Settled as truncated/s],
  stall: [/You said.*APIConnectionTimeoutError.*had arrived.*Settled as error/s],
  revoked: [/Request 1 is sent with the revoked key.*Status 401.*Request 2 is sent with the working key.*Settled as ok: 2 requests/s],
  provider: [/sent to novita.*Status 503.*Request 2 is sent to cerebras.*complete.*Settled as ok: 2 requests/s],
  html: [/Status 200.*APIError.*not what was asked for/s],
  bytes: [/complete.*Settled as ok: 1 request,/s],
};

/** Asks with the keyboard, and waits for the answer's last settlement. */
async function ask(page, text) {
  const before = await page.count(".settlement");
  await page.type("#prompt", text);
  await page.press("Enter");
  await page.until((count) => document.querySelectorAll(".settlement").length > count && !document.querySelector(".answer[aria-busy]"), before);
}

const lastAnswer = (page) => page.evaluate(() => [...document.querySelectorAll(".answer")].at(-1).innerText);
const reads = (page, selector, pattern) => page.until((wanted, source) => new RegExp(source).test(document.querySelector(wanted)?.innerText), selector, pattern.source);
const go = async (page, act, panel) => {
  await act(`#top nav a[href="#${panel}"]`);
  await page.seen(`#${panel}`);
};

async function choose({ page, act }, model) {
  await act("#model");
  await page.seen(".offer");
  await page.type("#model-other", model);
  await act('#models [value="use"]');
  await reads(page, "#model", new RegExp(model.split(/[/:]/)[1]));
}

export const features = {
  async "an answer streams in, and the meter has its settlement"({ page, act }) {
    await page.type("#prompt", "Name the stars of Orion.");
    await act("#send");
    await page.seen(".settlement");
    assert.match(await lastAnswer(page), /You said: Name the stars of Orion\./);
    assert.match(await page.text(".settlement"), /\d+ \+ \d+ tokens[^]*\$0\.\d+[^]*first token[^]*novita/);
    const meter = await page.text("#meter-body");
    assert.match(meter, /First token\s+[\d.]+ m?s\s+Cost\s+\$0\.\d+\s+Prompt\s+\d+\s+Answer\s+\d+/);
    const [cost, inFull] = await page.evaluate(() => ["textContent", "title"].map((name) => document.querySelector("#answer-cost")[name]));
    assert.match(cost, /^\$0\.0+\d{1,2}$/);
    assert.equal(Number(Number(inFull.slice(1)).toPrecision(2)), Number(cost.slice(1)));
    assert.match(meter, /Tokens reported by the server; the provider's live price/);
    assert.match(meter, /Budget\s+\$0\.\d+ of \$0\.05/);
    assert.match(meter, /1 request, \d+ tokens/);
    assert.match(meter, /299 of 300[^]*K of 100K[^]*30K of 30K/);
    assert.match(meter, /Keys\s+\w+\s+ready\s+1 sent/);
    assert.match(await page.text("#source"), /Stand-in endpoint/);
  },

  async "Markdown is drawn safely, block by block, and code is coloured and copied"({ page, act, stage }) {
    await ask(page, "What does it cost?");
    stage.script({ delayMs: 4 });
    await page.evaluate(() => {
      window.shifts = [];
      // Only Chromium reports layout shifts.
      if (PerformanceObserver.supportedEntryTypes.includes("layout-shift")) new PerformanceObserver((list) => window.shifts.push(...list.getEntries().filter(({ hadRecentInput }) => !hadRecentInput).map(({ value }) => value))).observe({ type: "layout-shift" });
    });
    await page.type("#prompt", "Show what Markdown can do.");
    await page.press("Enter");
    const prose = ".answer:last-of-type .prose";
    await page.until((root) => document.querySelector(`${root} .code`) !== null, prose);
    // Elements that are drawn stay: the same nodes are there at the end.
    await page.evaluate((root) => [...document.querySelectorAll(`${root} > *`)].slice(0, 3).forEach((node) => (node.kept = true)), prose);
    await page.until(() => !document.querySelector(".answer[aria-busy]"));
    assert.equal(await page.evaluate((root) => [...document.querySelectorAll(`${root} > *`)].filter((node) => node.kept).length, prose), 3);
    await page.until((root) => document.querySelectorAll(`${root} .hljs-keyword`).length > 2, prose);
    const shift = await page.evaluate(() => window.shifts.reduce((sum, value) => sum + value, 0));
    assert.ok(shift < 0.05, `what was drawn jumped: ${shift}`);
    const found = await page.evaluate((root) => {
      const all = (selector) => document.querySelectorAll(`${root} :is(${selector})`);
      return { headings: all("h2").length, nested: all("ul ul li").length, boxes: all("input[disabled]").length, cells: all("td").length, scripts: all("script, iframe, img, form, [style], [onclick]").length, link: all("a")[0].rel };
    }, prose);
    assert.deepEqual(found, { headings: 4, nested: 2, boxes: 2, cells: 6, scripts: 0, link: "noopener noreferrer" });
    await act(`${prose} .code button`);
    await page.seen('.code button[aria-label="Copied"]');
  },

  async "what a model writes can't become a part of the page"({ page, stage }) {
    await ask(page, "What does it cost?");
    const evil = '<img src=x onerror="window.stolen=1"> <svg onload="window.stolen=1"></svg> [x](javascript:window.stolen=1) <form action="//evil.example"><input name="token"></form> <style>body{display:none}</style> <a href="data:text/html,1">y</a>';
    stage.script({ sse: [{ choices: [{ index: 0, delta: { content: evil }, finish_reason: "stop" }] }], done: true });
    await ask(page, "Do something evil.");
    const found = await page.evaluate(() => {
      const prose = [...document.querySelectorAll(".prose")].at(-1);
      return { left: prose.querySelectorAll("img, svg, form, style, [onerror], [onload]").length, links: [...prose.querySelectorAll("a")].map((link) => link.getAttribute("href")), stolen: window.stolen ?? null };
    });
    assert.match(await lastAnswer(page), /<img src=x onerror=/, "it is shown as what it is: text");
    assert.deepEqual(found, { left: 0, links: [null], stolen: null });
    assert.deepEqual(await page.problems(), [], "the policy was not even needed");
  },

  async "Stop hangs up on the server, and the settlement says so"({ page, act, stage, byKey }) {
    await ask(page, "What does it cost?");
    stage.script({ stallAfter: 1200 });
    await page.type("#prompt", "Talk for a long time.");
    await page.press("Enter");
    await page.until(() => document.querySelectorAll(".answer")[1]?.innerText.includes("You said"));
    await stage.stats("open:1");
    if (byKey) await page.press("Escape");
    else await act("#stop");
    await page.until(() => document.querySelectorAll(".settlement").length === 2);
    assert.match(await lastAnswer(page), /estimated[^]*stopped/);
    const { open, disconnected } = await stage.stats("closed");
    assert.deepEqual({ open, disconnected }, { open: 0, disconnected: 1 });
    assert.match(await page.text("#answer-tokens"), /^≈ \d+/, "an estimate is told from a report");
    assert.equal(await page.count(".card"), 0);
    await page.seen("#send");
  },

  async "an answer can be asked for again, a question changed, and turns follow each other"({ page, act, stage }) {
    await ask(page, "First question.");
    await ask(page, "Second question.");
    assert.deepEqual((await stage.bodies()).at(-1).messages.map(({ role }) => role), ["user", "assistant", "user"]);
    await act('.answer:last-of-type [aria-label="Answer again"]');
    await page.until(() => document.querySelectorAll(".answer").length === 2 && !document.querySelector(".answer[aria-busy]") && document.querySelectorAll(".settlement").length === 2);
    const [, second, third] = await stage.bodies();
    assert.deepEqual(third.messages, second.messages);
    await act('.question [aria-label="Edit this message"]');
    await page.type(".edit textarea", "Another first question.");
    await act('.edit [type="submit"]');
    await page.until(() => document.querySelectorAll(".answer").length === 1 && document.querySelectorAll(".settlement").length === 1 && document.querySelector(".answer").innerText.includes("Another first"));
    assert.deepEqual((await stage.bodies()).at(-1).messages, [{ role: "user", content: "Another first question." }]);
  },

  async "parameters go with the question"({ page, act, stage }) {
    await act("#parameters");
    const fields = { system: "Be brief.", temperature: "0.5", top_p: "0.9", max_tokens: "3", stop: "END|STOP" };
    for (const [name, value] of Object.entries(fields)) await page.type(`#parameter-form [name="${name}"]`, value);
    await act('#parameter-form [value="use"]');
    await reads(page, "#parameters", /Parameters \(5\)/);
    await ask(page, "A question with parameters.");
    const [{ messages, temperature, top_p, max_tokens, stop }] = await stage.bodies();
    assert.deepEqual({ temperature, top_p, max_tokens, stop }, { temperature: 0.5, top_p: 0.9, max_tokens: 3, stop: ["END", "STOP"] });
    assert.deepEqual(messages[0], { role: "system", content: "Be brief." });
    assert.match(await lastAnswer(page), /max_tokens reached/);
  },

  async "the choice stays in sight in a picker that gets smaller"({ page, act }) {
    await act("#model");
    await page.seen(".offer");
    const inSight = () => {
      const [row, list] = [document.querySelector("#model-list :checked").closest("label"), document.querySelector("#model-list")].map((node) => node.getBoundingClientRect());
      return row.top >= list.top - 1 && row.bottom <= list.bottom + 1;
    };
    await page.until(inSight);
    const height = () => page.evaluate(() => document.querySelector("#model-list").clientHeight);
    const before = await height();
    await page.resize(1280, 440);
    await page.until((was) => document.querySelector("#model-list").clientHeight < was / 2, before);
    await page.until(inSight);
    await page.resize(1280, 800);
  },

  async "the picker has each provider's price, context and speed, and what is chosen is asked"({ page, act, stage, byKey }) {
    await act("#model");
    await page.seen(".offer");
    assert.match(await page.text("#model-count"), /^31 of 31 models/);
    await page.type("#model-search", "llama-3.1 cerebras");
    // Fewer letters also leave one model, and each letter makes the list anew.
    await page.drawn();
    assert.equal(await page.count("#model-list fieldset"), 1);
    assert.match(await page.text("#model-list"), /cerebras\s*tools\s*JSON\s+\$0\.1 \/ \$0\.1\s+131K context\s+1,981 tokens\/s\s+210 ms to first/);
    const offer = `[value="${MODEL}:cerebras"]`;
    if (byKey) {
      await page.focus(`[value="${MODEL}"]`);
      // Any provider, cheapest, novita, cerebras.
      await page.press("ArrowDown", "ArrowDown", "ArrowDown");
    } else {
      await act(offer);
    }
    await page.until((selector) => document.querySelector(selector).checked, offer);
    await act('#models [value="use"]');
    await reads(page, "#model", /Llama-3\.1-8B-Instruct\s*cerebras/);
    await ask(page, "Who answers?");
    assert.equal((await stage.bodies())[0].model, `${MODEL}:cerebras`);
    assert.match(await page.text(".settlement"), /cerebras/);
  },

  async "the picker finds what can do something, and sorts it by how soon it begins"({ page, act }) {
    await act("#model");
    await page.seen(".offer");
    await page.type("#model-search", "gemma-3-27b");
    await page.evaluate(() => {
      for (const [id, value] of [["model-ability", "tools"], ["model-order", "latency"]]) {
        const select = document.getElementById(id);
        select.value = value;
        select.dispatchEvent(new Event("change"));
      }
    });
    await page.drawn();
    const offers = () => page.evaluate(() => [...document.querySelectorAll(".offer span:first-of-type")].map(({ firstChild }) => firstChild.data));
    assert.deepEqual(await offers(), ["novita"], "scaleway's takes no tools");
    await page.type("#model-search", "Kimi-K2");
    await page.drawn();
    assert.deepEqual(await offers(), ["any provider", "cheapest", "groq", "together", "novita"]);
  },

  async "an answer fills in a form while it comes"({ page, act, stage }) {
    await act("#examples [data-form]");
    await page.seen(".settlement");
    const values = await page.evaluate(() => Object.fromEntries([...document.querySelectorAll(".filled input")].map(({ name, value }) => [name, value])));
    assert.deepEqual(values, { title: "Dinner for 4 at Anna's place in Ghent, bring wine!", place: "wine", people: "4", urgent: "yes", topics: "Dinner, for, 4" });
    assert.deepEqual(JSON.parse(await page.evaluate(() => document.querySelector(".answer .prose").dataset.source)).people, 4, "what is copied is the JSON");
    const [{ response_format: format }] = await stage.bodies();
    assert.equal(format.type, "json_schema");
    assert.deepEqual(format.json_schema.schema.required, ["title", "place", "people", "urgent", "topics"]);
  },

  async "reasoning is folded"({ page, act }) {
    await choose({ page, act }, "deepseek-ai/DeepSeek-R1:novita");
    await ask(page, "Think first.");
    assert.match(await page.text(".reasoning summary"), /^Reasoned for/);
    assert.equal(await page.evaluate(() => document.querySelector(".reasoning").open), false);
    await act(".reasoning summary");
    await page.until(() => document.querySelector(".reasoning").open);
    assert.match(await page.text(".reasoning p"), /The user wants an echo\./);
  },

  async "a tool is called, runs here, and its result is answered"({ page, act, stage }) {
    await act("#examples [data-tools]");
    await page.until(() => document.querySelectorAll(".settlement").length === 2);
    assert.match(await page.text(".tool"), /Called\s+measure_text[^]*How long is this sentence\?[^]*"words":5/);
    const [first, second] = await stage.bodies();
    assert.deepEqual(first.tools.map((tool) => tool.function.name), ["measure_text", "current_time"]);
    assert.deepEqual(second.messages.map(({ role }) => role), ["user", "assistant", "tool"]);
    assert.match(await lastAnswer(page), /The tool answered: /);
  },

  async "an error is a card that says what to do, and its retry waits as long as it has to"({ page, act, stage }) {
    await ask(page, "What does it cost?");
    stage.script({ status: 400, json: { error: { message: "temperature is too hot", code: "too_hot" } } }, {}, { headers: { ratelimit: '"api";r=0;t=3' } }, {}, { status: 429, headers: { "retry-after": "31" } });
    await ask(page, "And now?");
    assert.match(await page.text(".card"), /^BadRequestError[^]*temperature is too hot[^]*Change the request[^]*too_hot/);
    await act(".card button");
    await page.until(() => document.querySelectorAll(".card").length === 0 && !document.querySelector(".answer[aria-busy]"));
    assert.match(await lastAnswer(page), /You said: And now\?/);
    // The call waits in line for a short pause that the server asked for.
    await ask(page, "The last for now?");
    await page.type("#prompt", "In line?");
    await page.press("Enter");
    await page.seen(".in-line");
    await page.until(() => !document.querySelector(".answer[aria-busy]"));
    assert.match(await lastAnswer(page), /You said: In line\?/);
    await ask(page, "One too many?");
    assert.match(await page.text(".card"), /^RateLimitError[^]*may succeed in 31 s/);
    assert.match(await page.text(".card button"), /^Try again in 3[01] s$/);
    assert.equal(await page.evaluate(() => document.querySelector(".card button").disabled), true);
    // A further call fails at once: the library keeps the server's pause and sends nothing.
    const sent = (await stage.bodies()).length;
    await page.type("#prompt", "At once?");
    await page.press("Enter");
    await page.until(() => document.querySelectorAll(".card").length === 2);
    assert.match(await page.evaluate(() => [...document.querySelectorAll(".card")].at(-1).innerText), /^RateLimitError[^]*asked for a pause[^]*may succeed in (?:3[01]|2\d)(?:\.\d)? s/);
    assert.equal((await stage.bodies()).length, sent);
  },

  async "a budget is never overspent, and limits can be set"({ page, act }) {
    await act("#source");
    await page.type('#connection [name="budget"]', "0.0000001");
    await page.type('#connection [name="requestsPerMinute"]', "7");
    await act('#connection [value="use"]');
    await reads(page, "#minute-requests", /7 of 7/);
    await page.type("#prompt", "How much?");
    await page.press("Enter");
    await page.seen(".card");
    assert.match(await page.text(".card"), /^BudgetExceededError[^]*raise it under Connection/);
    assert.match(await page.text("#meter-body"), /\$0 of \$0\.0000001[^]*7 of 7/);
  },

  async "the visitor's own token goes to the router alone, and nowhere is it kept"({ page, act, stage }) {
    const token = "hf_of_the_visitor";
    const { requests } = await stage.endpoint.stats("direct");
    await act("#source");
    assert.match(await page.text("#connection .warning"), /charged to your account[^]*not stored/);
    await page.type("#token", token);
    await act('#connection [value="use"]');
    await reads(page, "#source", /Your token, direct/);
    await ask(page, "With my own token.");
    const { headers } = await stage.endpoint.stats("direct", `requests:${requests + 1}`);
    assert.equal(headers.at(-1).authorization, `Bearer ${token}`);
    assert.deepEqual(await stage.bodies(), [], "the server behind the page was not asked");
    const left = await page.evaluate((secret) => [document.documentElement.outerHTML, JSON.stringify({ ...localStorage, ...sessionStorage }), document.cookie, ...[...document.querySelectorAll("input")].map(({ value }) => value)].filter((text) => text.includes(secret)), token);
    assert.deepEqual(left, []);
    await go(page, act, "faults");
    await page.seen("#no-faults");
    await act("#source");
    await act("#forget");
    await reads(page, "#source", /Stand-in endpoint/);
  },

  async "the ledger has a row for each call, and they are exported"({ page, act }) {
    await go(page, act, "ledger");
    await page.seen("#no-settlements");
    await go(page, act, "chat");
    await ask(page, "=1+1, for a spreadsheet");
    await go(page, act, "ledger");
    assert.match(await page.text("#settlements tbody"), /chat\s+Llama-3\.1-8B-Instruct\s+novita\s+ok\s+\d+\s+\d+\s+reported\s+\$0\.\d+/);
    assert.match(await page.text("#settlements tfoot"), /1 call\s/);
    await page.evaluate(() => {
      const make = URL.createObjectURL;
      URL.createObjectURL = (blob) => {
        blob.text().then((text) => (window.exported = text));
        return make.call(URL, blob);
      };
    });
    await act("#export");
    const [head, row, end] = (await page.until(() => window.exported)).split("\r\n");
    assert.match(head, /^started_at,kind,model,provider,outcome,.*cost_usd/);
    assert.match(row, new RegExp(`^20[^,]+Z,chat,${MODEL},novita,ok,stop,\\d+,\\d+,reported,[\\d.e-]+,live`));
    assert.equal(end, "");
  },

  async "many calls at once stay inside a small limit"({ page, act, stage }) {
    await go(page, act, "limits");
    for (const [name, value] of Object.entries({ calls: "30", requestsPerMinute: "6", maxConcurrent: "2" })) await page.type(`#burst [name="${name}"]`, value);
    await act("#burst button");
    const verdict = await page.until(() => /held|hold:|Error/.exec(document.querySelector("#burst-verdict").textContent) && document.querySelector("#burst-verdict").textContent);
    assert.match(verdict, /^The limit held: of 30 calls 6 were sent, at most 2 at once, and 24 refused/);
    assert.match(await page.text("#burst-counts"), /Sent\s+6\s+In flight\s+0\s+Waiting\s+0\s+Refused\s+24/);
    assert.equal((await stage.bodies()).length, 6, "the endpoint counted the same");
    assert.ok((await stage.stats()).peak <= 3, "two calls, and the catalogue");
    assert.equal(await page.count("#burst-plot canvas"), 1);
  },

  async "a fault is committed, and what the library does about it is told"({ page, act, byKey }) {
    await go(page, act, "faults");
    const wanted = Object.entries(FAULTS).filter(([id]) => !byKey || ["429", "long-wait", "cut"].includes(id));
    for (const [id, [story]] of wanted) {
      await act(`[data-fault="${id}"]`);
      await page.until((fault) => document.querySelector(`[data-fault="${fault}"][aria-pressed]`) && document.querySelector(".timeline .settled") && !document.querySelector("#fault-result[aria-busy]"), id);
      assert.match(await page.text("#fault-result"), story, id);
    }
    if (!byKey) {
      await go(page, act, "ledger");
      assert.match(await page.text("#settlements tbody"), /cerebras\s*after novita \(503\)/);
      await go(page, act, "faults");
    }
    // Its retry, once the wait is over.
    await act('[data-fault="long-wait"]');
    await page.until(() => /Try again in \d s/.test(document.querySelector("#fault-result button")?.textContent));
    await page.until(() => document.querySelector("#fault-result button")?.textContent === "Try again");
    await act("#fault-result button");
    await page.until(() => /Try again in/.test(document.querySelector("#fault-result button")?.textContent));
  },

  async "lines become a heat map and a map, and the nearest are shown"({ page, act, byKey }) {
    await go(page, act, "embeddings");
    await act("#lines button");
    await page.seen(".map");
    assert.deepEqual(await page.evaluate(() => [document.querySelectorAll(".heat tbody td").length, document.querySelectorAll(".map circle").length]), [100, 10]);
    const line = ".lines li:nth-child(2) button";
    if (byKey) await page.focus(line);
    else await act(line);
    await page.seen(".lines .near");
    assert.match(await page.text(".views .note"), /^Nearest: my cat loves that warm mat 0\.\d\d, a cat asleep on its warm mat 0\.\d\d/);
    assert.equal(await page.count(".map line"), 3);
  },

  async "the race reads the same text four times over, and loads its peers only then"({ page, act }) {
    await go(page, act, "race");
    const scripts = () => page.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".js")).length);
    const before = await scripts();
    await page.type('#start-race [name="rounds"]', "3");
    await act("#start-race button");
    await page.until(() => document.querySelector("#race-result table, #race-result .card") !== null);
    assert.match(await page.text("#race-result"), /hfetch\s+[\d.]+ µs\s+1\.0[^]*text\(\)[^]*eventsource-parser \+ JSON\.parse\s+[\d.]+ µs[^]*openai\s+[\d.]+ µs/);
    assert.ok((await scripts()) > before);
    assert.equal(await page.count("#race-result .bar-cell i"), 2 * 4 * 3, "a tick for each round, of each library, with each delivery");
  },

  async "the theme can be chosen"({ page, act }) {
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    await act("#theme");
    const light = await ground();
    await act("#theme");
    assert.notEqual(await ground(), light);
    assert.equal(await page.evaluate(() => document.querySelector("#theme").getAttribute("aria-label")), "Theme: dark");
  },

  async "Tab reaches every control, each visibly"({ page }) {
    await page.evaluate(() => document.activeElement?.blur());
    const reached = [];
    // Once around, wherever a browser begins, until an element comes again.
    for (let presses = 0; presses < 60; presses += 1) {
      await page.press("Tab");
      const here = await page.evaluate(() => {
        const { activeElement: element } = document;
        const again = (window.tabbed ??= new Set()).has(element);
        window.tabbed.add(element);
        const { outlineStyle } = getComputedStyle(element);
        const field = element.closest("#composer");
        const name = element.id || element.getAttribute("href") || element.textContent.trim();
        return { name, again, outside: element === document.body, seen: outlineStyle !== "none" || (field && getComputedStyle(field).borderColor !== getComputedStyle(field.parentElement).borderColor) };
      });
      if (here.outside) continue;
      if (here.again) break;
      assert.ok(here.seen, `${here.name} shows its focus`);
      reached.push(here.name);
    }
    for (const name of ["#chat", "#race", "source", "theme", "log", "prompt", "model", "parameters", "send"]) assert.ok(reached.includes(name), `${name} of ${reached}`);
    assert.ok(reached.some((name) => name.startsWith("How long is this sentence?")), "the examples");
  },

  async "nobody else is asked, and nobody else could be"({ page, act, stage }) {
    await ask(page, "Hello?");
    for (const panel of ["ledger", "limits", "faults", "embeddings", "race"]) await go(page, act, panel);
    const asked = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).origin).filter((origin) => origin !== location.origin));
    assert.deepEqual(asked, []);
    assert.deepEqual(await page.problems(), []);
    assert.equal(await page.evaluate(() => fetch("http://127.0.0.1:9/").then(() => "sent", () => "blocked")), "blocked");
    assert.match((await page.until(() => window.problems.length && window.problems)).join(), /connect-src/);
    const policy = (await fetch(stage.url)).headers.get("content-security-policy");
    assert.match(policy, /^default-src 'self'; script-src 'self' 'wasm-unsafe-eval';/);
    assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|\*/);
  },
};
