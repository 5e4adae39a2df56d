// How a library is measured in each runtime: in a process of its own, or in a page of its own.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { npmInstall, root, run } from "../../scripts/run.mjs";
import { pageResults, runtimeEnvironment } from "../../scripts/runtimes.mjs";
import { serve } from "../../scripts/serve.mjs";
import { answerPages } from "./page.mjs";
import { startPages } from "./start-pages.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const contender = join(here, "contender.mjs");
const startup = join(here, "startup.mjs");
const worker = join(here, "workerd.mjs");
const installed = join(root, "tests/package/runtime/node_modules/.bin");

/** For each runtime a function that measures one library and returns its lines. */
export const runtimes = {
  node: () => processes(join(installed, "node"), [contender]),
  deno: () => processes(join(installed, "deno"), ["run", "--no-prompt", "--allow-all", contender]),
  bun: () => processes(join(installed, "bun"), [contender]),
  workerd: () => processes(join(installed, "node"), [worker]),
  chromium: () => pages("Chromium"),
  firefox: () => pages("Firefox"),
  page: answerPages,
};

/** Installs what the bench needs, including the measured package. */
export async function install(folder) {
  await npmInstall(here);
  await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", folder], { cwd: here });
}

/** Runs a script of this folder with Node 24, and returns the lines of JSON that it prints. */
export async function script(name, args = [], flags = []) {
  return lines(join(installed, "node"), [...flags, resolve(here, name), ...args]);
}

async function lines(program, args) {
  const { stdout } = await run(program, args, { cwd: here, env: await runtimeEnvironment() });
  return stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

async function processes(program, args) {
  const measure = (library, { only, clock, seconds }) => lines(program, [...args, library, only, clock, seconds]);
  return { measure, close: async () => {} };
}

async function pages(browser) {
  const measured = (library, { only, seconds }) =>
    `import { measure } from "/contender.js"; await measure(${JSON.stringify(library)}, { only: ${JSON.stringify(only)}, seconds: ${Number(seconds)}, report: (line) => results.push(line) });`;
  return page(browser, { entryPoints: [contender], splitting: true }, measured);
}

/** Serves the bundle of `entry`, and a page whose script runs `code`. */
async function page(browser, entry, code) {
  const { build } = await import("esbuild");
  const folder = await mkdtemp(join(tmpdir(), "hfetch-bench-"));
  await build({ ...entry, bundle: true, minify: true, format: "esm", platform: "browser", outdir: folder, logLevel: "error" });
  let script;
  const answer = (request, response) => {
    const [, imports, body] = /^((?:import [^;]*;)*)([^]*)$/.exec(script);
    const html = `<!doctype html><script type="module">${imports}
      const report = new URLSearchParams(location.search).get("report");
      const results = [];
      let error;
      try {
        ${body}
      } catch (thrown) {
        error = String(thrown.stack);
      }
      await fetch(report, { method: "POST", mode: "no-cors", body: JSON.stringify({ results, error }) });</script>`;
    response.writeHead(200, { "content-type": "text/html" }).end(html);
  };
  const server = await serve({ folders: { "/": folder }, routes: { "/page": answer } });
  const measure = (library, options) => {
    script = code(library, options);
    return pageResults(browser, `${server.url}/page`, "");
  };
  const close = async () => {
    await server.close();
    await rm(folder, { recursive: true });
  };
  return { measure, close };
}

/** The same for start-up: each library in a fresh process, page or isolate. */
export const startUps = {
  node: () => started((library) => lines(join(installed, "node"), [startup, library])),
  workerd: () => started((library) => lines(join(installed, "node"), [worker, "--start", library])),
  chromium: async () => {
    const { measure, close } = await startPages();
    return { ...(await started(measure)), close };
  },
};

async function started(run) {
  const measure = async (library) => (await run(library)).flatMap((times) => startLines(library, times));
  return { measure, close: async () => {} };
}

function startLines(library, times) {
  const names = { ready: "import and construct", first: "first request", total: "import, construct and first request" };
  return Object.entries(times).map(([name, ms]) => ({ kind: "start", library, workload: names[name], size: 0, ns: ms * 1e6 }));
}
