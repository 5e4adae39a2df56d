// npm run bench -- --runtime page: an answer of 2,000 tokens, one event per token in its own network chunk, is written into a document while it
// arrives, in Chromium on a processor four times slower. The result is the time for which the page's thread runs script, from the load of the
// page to the last token. Most of that time is spent in microtasks, which the browser's own metric `ScriptDuration` leaves out.
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { browsers, chromiumFlags } from "../../scripts/browser.mjs";
import { serve } from "../../scripts/serve.mjs";
import { pieces, stream } from "./workloads.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const SLOWER = 4;
const TOKENS = 2_000;
export const WORKLOAD = "script of 2,000 tokens in a page, one event per network chunk, a processor four times slower";
const PACE = 5; // ms between two tokens: long enough for the page to finish with one before the next arrives

const CATEGORIES = ["-*", "devtools.timeline", "toplevel", "v8"];
const SCRIPT = new Set(["v8.compileModule", "v8.evaluateModule", "BlinkScheduler_PerformMicrotaskCheckpoint", "FunctionCall", "TimerFire", "MinorGC", "MajorGC"]);

const HFETCH = 'import { HuggingFace } from "hfetch"; const client = new HuggingFace({ apiKey: "k", baseURL });';
const asking = "{ model, messages, stream: true }";
const contents = "for await (const { choices: [choice] } of stream) if (choice?.delta.content) write(choice.delta.content);";

/** The parts of each page: imports and a client, and the code that reads an answer. */
const programs = {
  "by hand": [
    "",
    `const response = await fetch(baseURL + "/chat/completions", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(${asking}) });
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let held = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      held += decoder.decode(value, { stream: true });
      const lines = held.split("\\n");
      held = lines.pop();
      for (const line of lines) {
        if (!line.startsWith("data: ") || line === "data: [DONE]") continue;
        const text = JSON.parse(line.slice(6)).choices[0]?.delta.content;
        if (text) write(text);
      }
    }`,
  ],
  openai: [
    'import { OpenAI } from "openai"; const client = new OpenAI({ apiKey: "k", baseURL, dangerouslyAllowBrowser: true });',
    `const stream = await client.chat.completions.create(${asking}); ${contents}`,
  ],
  "@huggingface/inference": [
    'import { InferenceClient } from "@huggingface/inference"; const client = new InferenceClient("k", { endpointUrl: baseURL + "/chat/completions" });',
    `const stream = client.chatCompletionStream({ model, messages }); ${contents}`,
  ],
  hfetch: [HFETCH, `const stream = await client.chat.completions.create(${asking}); ${contents}`],
  "hfetch text()": [HFETCH, `const stream = await client.chat.completions.create(${asking}); for await (const text of stream.text()) write(text);`],
};

export const libraries = Object.keys(programs);

const program = ([client, read]) => `
const model = "org/model", messages = [{ role: "user", content: "hi" }], baseURL = location.origin + "/v1";
${client}
globalThis.answer = async () => {
  const text = document.body.appendChild(document.createElement("p")).appendChild(new Text());
  const write = (piece) => text.appendData(piece);
  ${read}
  return text.data.length;
};
`;

async function bundles() {
  const { build } = await import("esbuild");
  const folder = await mkdtemp(join(tmpdir(), "hfetch-page-"));
  for (const [index, library] of libraries.entries()) {
    const stdin = { contents: program(programs[library]), resolveDir: here };
    const out = join(folder, String(index));
    await build({ stdin, bundle: true, minify: true, format: "esm", platform: "browser", entryNames: "main", outdir: out, logLevel: "error" });
    await cp(fileURLToPath(import.meta.resolve("hfetch/hfetch.wasm")), join(out, "hfetch_bg.wasm"));
    await writeFile(join(out, "index.html"), '<!doctype html><script type="module" src="main.js"></script><body></body>');
  }
  return folder;
}

/** A model's server that writes its tokens one by one. */
async function answer(request, response) {
  request.resume();
  response.writeHead(200, { "content-type": "text/event-stream" });
  const start = performance.now();
  for (const [index, piece] of pieces(stream("single slot", TOKENS), 0).entries()) {
    const due = start + index * PACE - performance.now();
    await new Promise((resolve) => (due > 0 ? setTimeout(resolve, due) : setImmediate(resolve)));
    response.write(piece);
  }
  response.end();
}

/** A function that measures one library in a fresh page. */
export async function answerPages() {
  const { chromium } = await import("playwright-core");
  const folder = await bundles();
  const server = await serve({ folders: { "/": folder }, routes: { "/v1/": answer } });
  const browser = await chromium.launch({ executablePath: await browsers.Chromium.find(), args: chromiumFlags });
  const measure = async (library) => {
    const context = await browser.newContext();
    const figures = await inPage(browser, await context.newPage(), `${server.url}/${libraries.indexOf(library)}/index.html`);
    await context.close();
    return [{ kind: "page", library, workload: WORKLOAD, size: 0, ...figures }];
  };
  const close = async () => {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  };
  return { measure, close };
}

async function inPage(browser, page, url) {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  await browser.startTracing(page, { categories: CATEGORIES });
  await page.goto(url);
  await page.waitForFunction(() => globalThis.answer);
  await page.evaluate(() => answer());
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  const chunks = traceEvents.filter(({ name }) => name === "ResourceReceivedData").length;
  return { ns: scriptTime(traceEvents) * 1000, chunks };
}

/** Microseconds for which the page's thread, the busiest one, ran script or collected garbage. */
function scriptTime(events) {
  const byThread = new Map();
  for (const event of events.filter(({ ph, name }) => ph === "X" && SCRIPT.has(name))) {
    const thread = `${event.pid} ${event.tid}`;
    if (!byThread.has(thread)) byThread.set(thread, []);
    byThread.get(thread).push(event);
  }
  return Math.max(...[...byThread.values()].map((list) => outermost(list).reduce((sum, { tdur = 0 }) => sum + tdur, 0)));
}

/** The events that are not inside another one. */
function outermost(events) {
  let end = -Infinity;
  return events.sort((a, b) => a.ts - b.ts || b.dur - a.dur).filter(({ ts, dur }) => {
    if (ts < end) return false;
    end = ts + dur;
    return true;
  });
}
