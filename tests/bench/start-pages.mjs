// Start-up in Chromium: the work of a page's main thread. Loading, and parsing on other threads, don't keep a page from answering its user, and the wall clock would
// mostly measure those.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { browsers, chromiumFlags } from "../../scripts/browser.mjs";
import { serve } from "../../scripts/serve.mjs";
import { pageLibraries as libraries, steps } from "./startup.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const SETTLING = 100; // ms until a new page has finished its own work

/** A function that measures one library in a fresh page, and returns { ready, first } in a list. */
export async function startPages() {
  const { chromium } = await import("playwright-core");
  const folder = await bundles();
  const page = (request, response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
  const server = await serve({ folders: { "/": folder }, routes: { "/page": page } });
  const browser = await chromium.launch({ executablePath: await browsers.Chromium.find(), args: chromiumFlags });
  const measure = async (library) => {
    const context = await browser.newContext();
    const times = await inPage(await context.newPage(), server.url, `/start${libraries.indexOf(library)}.js`);
    await context.close();
    return [times];
  };
  const close = async () => {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  };
  return { measure, close };
}

async function bundles() {
  const { build } = await import("esbuild");
  const sources = new Map(libraries.map((library, index) => [`start${index}.js`, `export default ${steps(library)};`]));
  const plugin = ({ onResolve, onLoad }) => {
    onResolve({ filter: /^start\d+\.js$/ }, ({ path }) => ({ path, namespace: "start" }));
    onLoad({ filter: /.*/, namespace: "start" }, ({ path }) => ({ contents: sources.get(path), resolveDir: here }));
  };
  const folder = await mkdtemp(join(tmpdir(), "hfetch-bench-"));
  const options = { bundle: true, minify: true, format: "esm", platform: "browser", logLevel: "error" };
  await build({ ...options, entryPoints: [...sources.keys()], plugins: [{ name: "start", setup: plugin }], outdir: folder });
  await cp(fileURLToPath(import.meta.resolve("hfetch/hfetch.wasm")), join(folder, "hfetch.wasm"));
  return folder;
}

async function inPage(page, origin, script) {
  await page.goto(`${origin}/page`);
  const work = await workOf(page);
  await page.waitForTimeout(SETTLING);
  // The cost of the measurement itself, after it has been done once.
  await work(next);
  const nothing = await work(next);
  const load = await work(async (url) => {
    const { default: begin } = await import(url);
    globalThis.steps = begin();
  }, script);
  const [, construct, request] = [await work(next), await work(next), await work(next)];
  return { ready: load + construct - 2 * nothing, first: request - nothing };
}

async function next() {
  await globalThis.steps?.next();
}

/** A function that runs another one in the page and returns the milliseconds for which the main thread ran. */
async function workOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const total = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  };
  return async (task, argument) => {
    const before = await total();
    await page.evaluate(task, argument);
    return (await total()) - before;
  };
}
