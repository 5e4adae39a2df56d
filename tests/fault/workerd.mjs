// The cells in workerd: workerd.mjs <folder with the package installed> '<setting as JSON>'. Needs Node 22. Prints one line of JSON.
import { join } from "node:path";
import { bundleWithEsbuild } from "../package/runtime/esbuild.mjs";
import { startBundle } from "../package/runtime/wrangler.mjs";
import { cellsOf } from "./run.mjs";
import { nameOf } from "./plan.mjs";

const AT_ONCE = 8;

const [folder, text] = process.argv.slice(2);
const { plan, only = "", ...setting } = JSON.parse(text);
const out = join(folder, "worker-faults");
await bundleWithEsbuild(join(folder, "tests/fault/worker.mjs"), out);
const worker = await startBundle(out);
const ask = async (body) => {
  const response = await worker.dispatchFetch("http://worker/", { method: "POST", body: JSON.stringify(body) });
  const answer = await response.text();
  if (!response.ok) throw new Error(`the Worker answered ${response.status}: ${answer}`);
  return JSON.parse(answer);
};

const { cells, leftOut } = cellsOf(plan, "workerd");
const waiting = cells.map(nameOf).filter((name) => name.includes(only));
const ends = {};
const broken = [];
const work = async () => {
  for (let name = waiting.shift(); name; name = waiting.shift()) {
    const found = await ask({ name, ...setting }).catch((error) => ({ end: "the runner failed", broken: [error.message] }));
    ends[name] = found.end;
    broken.push(...found.broken.map((what) => `${name}: ${what}`));
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, work));
const { left, unhandled } = await ask({});
if (left.length > 0) broken.push(`${left.length} timers are left after all cells: ${left[0]}`);
broken.push(...unhandled);
await worker.dispose();
await new Promise((resolve) => process.stdout.write(`\n${JSON.stringify({ ends, broken, leftOut })}\n`, resolve));
process.exit(0);
