// Bundles and starts Workers in workerd. As a command, this file does in workerd what contender.mjs does; it needs Node 22.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cpuTime, descendants } from "./processes.mjs";
import { timed } from "./startup.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const runtime = join(here, "../package/runtime");
const { build } = createRequire(join(here, "../../package.json"))("esbuild");

/** Bundles and starts a Worker. Returns { ask, cpu, stop }: a request to it, and the milliseconds for which its process has run. */
export async function startWorker(entry) {
  const { startBundle } = await import(join(runtime, "wrangler.mjs"));
  const out = await mkdtemp(join(tmpdir(), "hfetch-worker-"));
  const modules = [];
  const keepWasm = ({ onResolve }) =>
    onResolve({ filter: /\.wasm(\?module)?$/ }, ({ path, resolveDir }) => {
      const file = join(resolveDir, path.replace(/\?module$/, ""));
      modules.push(file);
      return { path: `./${basename(file)}`, external: true };
    });
  const source = typeof entry === "string" ? { entryPoints: [entry] } : { stdin: { contents: entry.source, resolveDir: here } };
  await build({
    ...source,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    outfile: join(out, "worker.js"),
    logLevel: "error",
    plugins: [{ name: "keep-wasm", setup: keepWasm }],
  });
  for (const path of modules) await writeFile(join(out, basename(path)), await readFile(path));
  const before = new Set(await descendants());
  // A gateway writes a line for each request, which must be read.
  const handleRuntimeStdio = (stdout) => stdout.resume();
  const worker = await startBundle(out, { compatibilityFlags: ["enable_request_signal", "nodejs_compat"], handleRuntimeStdio });
  const url = await worker.ready;
  const started = (await descendants()).filter((pid) => !before.has(pid));
  const ask = async (path, init) => {
    const response = await worker.dispatchFetch(new URL(path, url), init);
    if (!response.ok) throw new Error(`the Worker answered ${response.status}: ${(await response.text()).slice(0, 2000)}`);
    return response;
  };
  const stop = async () => {
    await worker.dispose();
    await rm(out, { recursive: true });
  };
  return { ask, url, cpu: () => cpuTime(started), stop };
}

async function measure(library, only, seconds) {
  const worker = await startWorker(join(here, "worker.mjs"));
  const path = (query) => `/?${new URLSearchParams({ library, only, ...query })}`;
  const list = await (await worker.ask(path({}))).json();
  for (const [job, { kind, workload, size, events }] of list.entries()) {
    const time = async (runs) => {
      const start = await worker.cpu();
      await worker.ask(path({ job, runs }));
      return (await worker.cpu()) - start;
    };
    // Once to prepare, then as many runs as take about the given time, to warm up and to measure.
    await time(1);
    const runs = Math.max(1, Math.ceil((seconds * 1000) / Math.max(await time(3) / 3, 0.01)));
    await time(runs);
    console.log(JSON.stringify({ kind, library, workload, size, ns: ((await time(runs)) * 1e6) / runs / events }));
  }
  await worker.stop();
}

// The clock stands still inside, so the whole process is measured, minus one whose Worker does nothing.
async function start(library) {
  const spent = async (run) => {
    const worker = await startWorker({ source: `const run = ${run}; export default { fetch: async () => { await run(); return new Response(); } };` });
    await worker.ask("/");
    const time = await worker.cpu();
    await worker.stop();
    return time;
  };
  const total = (await spent(timed(library))) - (await spent("async () => {}"));
  console.log(JSON.stringify({ total }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [library, only, , seconds] = process.argv.slice(2);
  await (library === "--start" ? start(only) : measure(library, only, Number(seconds)));
}
