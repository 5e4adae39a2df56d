// npm run test:faults [-- --write] [--only text]: runs every fault × call × policy on Node, and every pair of them in workerd and Chromium, and compares each end with
// tests/fault/table.json. --write writes that table from the results; read it before you commit it.
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { builtPackage } from "./build.mjs";
import { keepFigures } from "./figures.mjs";
import { installPacked } from "./install.mjs";
import { main, root, run, Stop } from "./run.mjs";
import { pageResults, programs, runtimeEnvironment } from "./runtimes.mjs";
import { serve } from "./serve.mjs";
import { expectedEnd, tableOf } from "../tests/fault/table.mjs";

const TABLE = join(root, "tests/fault/table.json");
const TIME_LIMIT = 1_200_000;

const drivers = {
  node: ({ folder, ...setting }) => program(process.execPath, [join(folder, "tests/fault/node.mjs"), JSON.stringify(setting)], folder),
  async workerd({ folder, ...setting }) {
    return program(programs.node24, [join(root, "tests/fault/workerd.mjs"), folder, JSON.stringify(setting)], root, await runtimeEnvironment());
  },
  async chromium({ folder, ...setting }) {
    const imports = { hfetch: "/node_modules/hfetch/dist/index.js" };
    const html = `<!doctype html><meta charset="utf-8"><script type="importmap">${JSON.stringify({ imports })}</script><script type="module" src="/tests/fault/page.mjs"></script>`;
    const page = (request, response) => response.writeHead(200, { "content-type": "text/html" }).end(html);
    const server = await serve({ folders: { "/": folder }, routes: { "/page": page } });
    try {
      return await pageResults("Chromium", `${server.url}/page`, JSON.stringify(setting));
    } finally {
      await server.close();
    }
  },
};

async function program(command, args, cwd, env = process.env) {
  const { code, stdout, stderr } = await run(command, args, { cwd, env, check: false, timeout: TIME_LIMIT });
  const last = stdout.trim().split("\n").at(-1);
  if (code !== 0 || !last.startsWith("{")) throw new Stop(`ended with ${code} and no results\n${(stdout + stderr).trim().slice(-4000)}`);
  return JSON.parse(last);
}

/** A port without a listener. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs a plan's cells in a runtime, with the package installed in `folder`. Returns { ends, broken, leftOut }. */
export async function runFaults(runtime, { folder, plan, only }) {
  const { startEndpoint } = await import("../tests/endpoint/server.mjs");
  const [here, there] = [await startEndpoint(), await startEndpoint()];
  try {
    const refused = `http://127.0.0.1:${await freePort()}`;
    return await drivers[runtime]({ folder, plan, only, endpoint: here.url, elsewhere: there.url, refused, nowhere: "http://nothing.invalid" });
  } finally {
    await Promise.all([here.close(), there.close()]);
  }
}

/** The differences from the table, and the conditions that were not true: one line each. */
export async function compareWithTable(runtime, { ends, broken }) {
  const table = JSON.parse(await readFile(TABLE, "utf8"));
  const wrong = Object.entries(ends).flatMap(([name, end]) => {
    const expected = expectedEnd(table, runtime, name);
    return end === expected ? [] : [`${name}: expected ${expected}, got ${end}`];
  });
  return [...broken, ...wrong];
}

function counted({ ends, leftOut }) {
  const cells = Object.entries(ends);
  return {
    faults: new Set(cells.map(([name]) => name.split(" / ")[0])).size,
    cells: cells.length,
    answered: cells.filter(([, end]) => end.startsWith("ok")).length,
    leftOut: Object.values(leftOut).reduce((sum, count) => sum + count, 0),
  };
}

/** A short run for `npm test`. */
export async function someFaults(runtime, folder) {
  const found = await runFaults(runtime, { folder, plan: "some:4" });
  const wrong = await compareWithTable(runtime, found);
  const cells = Object.keys(found.ends).length;
  return { passed: Math.max(cells - wrong.length, 0), failed: wrong.length, failures: wrong.map((error) => ({ name: runtime, error })) };
}

async function command() {
  const { values } = parseArgs({ options: { write: { type: "boolean" }, only: { type: "string" }, runtime: { type: "string" } } });
  const out = await builtPackage();
  const folder = await installPacked(out);
  const found = {};
  try {
    for (const runtime of Object.keys(drivers)) {
      if (values.runtime && values.runtime !== runtime) continue;
      const started = performance.now();
      found[runtime] = await runFaults(runtime, { folder, plan: runtime === "node" ? "every" : "pairs", only: values.only });
      const { ends, broken, leftOut } = found[runtime];
      console.log(`${runtime}: ${Object.keys(ends).length} cells in ${((performance.now() - started) / 1000).toFixed(0)} s, ${broken.length} broken promises; left out:`);
      for (const [why, count] of Object.entries(leftOut)) console.log(`  ${String(count).padStart(6)}  ${why}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (values.write) await writeFile(TABLE, tableOf(found));
  const wrong = [];
  for (const [runtime, one] of Object.entries(found)) {
    wrong.push(...(await compareWithTable(runtime, one)).map((line) => `${runtime}: ${line}`));
  }
  if (wrong.length) throw new Stop(wrong.join("\n"));
  if (!values.only) await keepFigures("faults", Object.fromEntries(Object.entries(found).map(([runtime, one]) => [runtime, counted(one)])));
  console.log("every cell ended as the table says");
}

await main(command, import.meta.url);
