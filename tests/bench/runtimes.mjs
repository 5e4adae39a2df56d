// How one library is measured in each runtime: a process of its own, or a page of its own.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { npmInstall, root, run } from "../../scripts/run.mjs";
import { pageResults, runtimeEnvironment } from "../../scripts/runtimes.mjs";
import { serve } from "../../scripts/serve.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const contender = join(here, "contender.mjs");
const installed = join(root, "tests/package/runtime/node_modules/.bin");

/** Each gives a function that measures one library and gives its lines. */
export const runtimes = {
  node: () => processes(join(installed, "node"), []),
  deno: () => processes(join(installed, "deno"), ["run", "--no-prompt", "--allow-all"]),
  bun: () => processes(join(installed, "bun"), []),
  chromium: () => pages("Chromium"),
  firefox: () => pages("Firefox"),
};

/** Installs what the bench needs, the measured package included. */
export async function install(folder) {
  await npmInstall(here);
  await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", folder], { cwd: here });
}

async function processes(program, flags) {
  const env = await runtimeEnvironment();
  const measure = async (library, { only, clock, seconds }) => {
    const { stdout } = await run(program, [...flags, contender, library, only, clock, seconds], { cwd: here, env });
    return stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  };
  return { measure, close: async () => {} };
}

async function pages(browser) {
  const { build } = await import("esbuild");
  const folder = await mkdtemp(join(tmpdir(), "hfetch-bench-"));
  await build({ entryPoints: [contender], bundle: true, splitting: true, format: "esm", platform: "browser", outdir: folder, logLevel: "error" });
  let wanted;
  const page = (request, response) => {
    const script = `import { measure } from "/contender.js";
      const report = new URLSearchParams(location.search).get("report");
      const results = [];
      let error;
      try {
        await measure(${JSON.stringify(wanted.library)}, { ...${JSON.stringify(wanted.options)}, report: (line) => results.push(line) });
      } catch (thrown) {
        error = String(thrown.stack);
      }
      await fetch(report, { method: "POST", mode: "no-cors", body: JSON.stringify({ results, error }) });`;
    response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html><script type="module">${script}</script>`);
  };
  const server = await serve({ folders: { "/": folder }, routes: { "/page": page } });
  const measure = (library, { only, seconds }) => {
    wanted = { library, options: { only, seconds: Number(seconds) } };
    return pageResults(browser, `${server.url}/page`, "");
  };
  const close = async () => {
    await server.close();
    await rm(folder, { recursive: true });
  };
  return { measure, close };
}
