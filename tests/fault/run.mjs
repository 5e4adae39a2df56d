// Runs a plan's cells, a few at a time, in the runtime that imports this.
import { everyCell, nameOf, pairwiseCells } from "./plan.mjs";
import { runCell } from "./cell.mjs";
import { timersLeft } from "./timers.mjs";

/** The cells of a plan: "every", "pairs", or "some:<n>" (every n-th of the pairs). */
export function cellsOf(plan, runtime) {
  if (plan === "every") return everyCell(runtime);
  const { cells, leftOut } = pairwiseCells(runtime);
  const step = Number(/^some:(\d+)$/.exec(plan)?.[1] ?? 1);
  const some = cells.filter((_, at) => at % step === 0);
  return { cells: some, leftOut: step === 1 ? leftOut : { ...leftOut, "a short run takes a part of them": cells.length - some.length } };
}

/** Returns { ends: {cell: end}, broken: [conditions that were not true], leftOut }. */
export async function runPlan(plan, setting, { atOnce, only = "" }) {
  const { cells, leftOut } = cellsOf(plan, setting.run);
  const waiting = cells.filter((cell) => nameOf(cell).includes(only));
  const ends = {};
  const broken = [];
  const work = async () => {
    for (let cell = waiting.shift(); cell; cell = waiting.shift()) {
      const name = nameOf(cell);
      const found = await runCell(cell, setting).catch((error) => ({ end: "the runner failed", broken: [String(error?.stack ?? error)] }));
      ends[name] = found.end;
      broken.push(...found.broken.map((what) => `${name}: ${what}`));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const left = await timersLeft();
  if (left.length > 0) broken.push(`${left.length} timers are left after all cells: ${left[0]}`);
  return { ends, broken, leftOut };
}
