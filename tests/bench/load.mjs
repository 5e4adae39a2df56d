// npm run bench -- --load: a small React chat with each library, in Chromium as on a phone: bytes on the wire, and the time until its input is ready.
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { browsers, chromiumFlags } from "../../scripts/browser.mjs";

const here = dirname(fileURLToPath(import.meta.url));

// Lighthouse's phone: 1.6 Mbit/s, a round trip of 150 ms, a processor four times slower.
const NETWORK = { offline: false, latency: 150, downloadThroughput: (1.6 * 1024 * 1024) / 8, uploadThroughput: (750 * 1024) / 8 };
const SLOWER = 4;

const HFETCH = 'new HuggingFace({ apiKey: "k", baseURL })';
const create = "(messages) => client.chat.completions.create({ model, messages, stream: true }).then((stream) => stream.text())";

/** The parts of each page in addition to React: imports, and the source of a function (messages) => a promise of an iterable of texts. */
const pages = {
  "by hand": ["", `async function* () {}`],
  openai: ['import { OpenAI } from "openai";', `() => { const client = new OpenAI({ apiKey: "k", baseURL, dangerouslyAllowBrowser: true }); return (messages) => client.chat.completions.create({ model, messages, stream: true }); }`],
  "@huggingface/inference": ['import { InferenceClient } from "@huggingface/inference";', `() => { const client = new InferenceClient("k"); return async (messages) => client.chatCompletionStream({ model, messages }); }`],
  "AI SDK": ['import { streamText } from "ai"; import { createOpenAICompatible } from "@ai-sdk/openai-compatible";', `() => { const provider = createOpenAICompatible({ name: "hf", apiKey: "k", baseURL }); return async (messages) => streamText({ model: provider(model), messages }).textStream; }`],
  hfetch: ['import { HuggingFace } from "hfetch";', `() => { const client = ${HFETCH}; return ${create}; }`],
  "hfetch/web": ['import { HuggingFace } from "hfetch/web";', `() => { const client = ${HFETCH}; return ${create}; }`],
  "hfetch at the first send": ["", `() => async (messages) => { const { HuggingFace } = await import("hfetch"); const client = ${HFETCH}; return (${create})(messages); }`],
};

export const libraries = Object.keys(pages);

const program = ([imports, make]) => `
import { createElement as h, useState } from "react";
import { createRoot } from "react-dom/client";
${imports}
const model = "org/model", baseURL = "/v1";
const begin = ${make};
function Chat() {
  const [ask] = useState(() => begin());
  const [text, setText] = useState("");
  const send = async (event) => {
    event.preventDefault();
    for await (const piece of await ask([{ role: "user", content: event.target.prompt.value }])) setText((before) => before + piece);
  };
  return h("form", { onSubmit: send }, h("input", { name: "prompt", ref: (input) => input && performance.mark("ready") }), h("p", null, text));
}
createRoot(document.body).render(h(Chat));
`;

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

/** Serves a folder, compressed as hosts do it. */
async function serve(folder) {
  const compressed = new Map();
  const server = createServer((request, response) => {
    const path = join(folder, new URL(request.url, "http://x").pathname);
    try {
      if (!compressed.has(path)) compressed.set(path, brotliCompressSync(readFileSync(path)));
    } catch {
      return void response.writeHead(404).end();
    }
    response.writeHead(200, { "content-type": TYPES[extname(path)], "content-encoding": "br" }).end(compressed.get(path));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function bundles() {
  const { build } = await import("esbuild");
  const folder = await mkdtemp(join(tmpdir(), "hfetch-load-"));
  for (const [index, page] of Object.values(pages).entries()) {
    const out = join(folder, String(index));
    await mkdir(out);
    const stdin = { contents: program(page), resolveDir: here };
    await build({ stdin, bundle: true, minify: true, splitting: true, format: "esm", platform: "browser", define: { "process.env.NODE_ENV": '"production"' }, entryNames: "main", outdir: out, logLevel: "error" });
    // Vite, webpack and Parcel include this file by themselves.
    await cp(fileURLToPath(import.meta.resolve("hfetch/hfetch.wasm")), join(out, "hfetch_bg.wasm"));
    await writeFile(join(out, "index.html"), '<!doctype html><script type="module" src="main.js"></script><body></body>');
  }
  return folder;
}

/** A function that measures one library in a fresh page: the time until its input is there, the bytes that had arrived by then, and all bytes. */
export async function loadPages() {
  const { chromium } = await import("playwright-core");
  const folder = await bundles();
  const server = await serve(folder);
  const browser = await chromium.launch({ executablePath: await browsers.Chromium.find(), args: chromiumFlags });
  const measure = async (library) => {
    const context = await browser.newContext();
    const figures = await inPage(context, `${server.url}/${libraries.indexOf(library)}/index.html`);
    await context.close();
    return [{ kind: "load", library, workload: "until the input of a small chat is ready, on a phone", size: 0, ...figures }];
  };
  const close = async () => {
    await browser.close();
    server.close();
    await rm(folder, { recursive: true });
  };
  return { measure, close };
}

async function inPage(context, url) {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", NETWORK);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName("ready").length > 0);
  const early = bytes;
  const ready = await page.evaluate(() => performance.getEntriesByName("ready")[0].startTime);
  await page.waitForLoadState("networkidle");
  return { early, bytes, ns: ready * 1e6 };
}
