// npm run overload: measures what excessive callers and servers cost a gateway. The figures are kept for docs/endurance.md.
import { join, resolve } from "node:path";
import { keepFigures } from "./figures.mjs";
import { main, root, run, Stop } from "./run.mjs";

/** The ms of processor time that a body of 4 MB may take if its caller is known to be over a limit: the body is received and dropped. */
const REFUSED = 50;
/** The ms that a stream with 4 MB after its end may take; most of that is never read. */
const TAIL = 2_000;

/**
 * Measures the package in `pkg`, in a process of its own. Returns { bodies, tails, wrong }: the results of tests/system/gateway/measure/overload.mjs, and which of them
 * are too large.
 */
export async function measureOverload(pkg) {
  const { stdout } = await run(process.execPath, [join(root, "tests/system/gateway/measure/overload.mjs"), pkg]);
  const { bodies, tails } = JSON.parse(stdout);
  const wrong = [];
  for (const [kind, { statuses, refused }] of Object.entries(bodies)) {
    if (String(statuses) !== "429,200") wrong.push(`${kind}: answered ${statuses}`);
    if (refused > REFUSED) wrong.push(`${kind}: a refused body takes ${refused} ms`);
  }
  for (const [kind, { whole }] of Object.entries(tails)) {
    if (whole.ms > TAIL || whole.read > 3e6) wrong.push(`${kind}: ${whole.ms} ms, ${whole.read} bytes read`);
  }
  return { bodies, tails, wrong };
}

/** How much of a budget 1,000 simultaneous calls spend, as its test counts: { granted, spent, budget }. */
async function overspend(pkg) {
  const test = ["--test", "--test-reporter=tap", "--test-name-pattern=^1,000 calls at once", join(root, "tests/system/gateway/meter.test.mjs")];
  const { stdout } = await run(process.execPath, test, { env: { ...process.env, HFETCH_PACKAGE: pkg } });
  const [, granted, spent, budget] = /1,000 calls at once: (\d+) were sent, ([\d.]+) of ([\d.]+) dollars were spent/.exec(stdout) ?? [];
  if (budget === undefined) throw new Stop(`the test of 1,000 calls at once says nothing of what they spent:\n${stdout}`);
  return { granted: Number(granted), spent: Number(spent), budget: Number(budget) };
}

async function command() {
  const pkg = resolve(root, "pkg");
  const { bodies, tails, wrong } = await measureOverload(pkg);
  for (const [kind, { bytes, refused, sent }] of Object.entries(bodies)) console.log(`${(bytes / 1e6).toFixed(1)} MB of ${kind}: ${refused.toFixed(0)} ms where its caller is over a limit, ${sent.toFixed(0)} ms where it is sent`);
  for (const [kind, { half, whole }] of Object.entries(tails)) console.log(`behind a finish, ${kind}: ${half.ms.toFixed(0)} ms for 2 MB, ${whole.ms.toFixed(0)} ms for 4 MB, of which ${(whole.read / 1e6).toFixed(1)} MB are read`);
  if (wrong.length > 0) throw new Stop(wrong.join("\n"));
  const spending = await overspend(pkg);
  console.log(`1,000 calls at once: ${spending.granted} were sent, ${spending.spent} of ${spending.budget} dollars were spent`);
  await keepFigures("overload", { bodies, tails, spending });
}

await main(command, import.meta.url);
