// Compares the table of ends with the plan, since a run compares only the cells that it runs.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../../scripts/run.mjs";
import { FAULTS } from "../../fault/faults.mjs";
import { everyCell, nameOf, pairwiseCells } from "../../fault/plan.mjs";
import { expectedEnd } from "../../fault/table.mjs";

const table = JSON.parse(await readFile(join(root, "tests/fault/table.json"), "utf8"));
const PLANS = { node: everyCell("node"), workerd: pairwiseCells("workerd"), chromium: pairwiseCells("chromium") };

test("every cell has its end in the table, and what is left out has a reason", () => {
  for (const [runtime, { cells, leftOut }] of Object.entries(PLANS)) {
    assert.ok(cells.length > 1_000, `${runtime}: ${cells.length} cells`);
    const without = cells.map(nameOf).filter((name) => !/ ×\d+$/.test(expectedEnd(table, runtime, name) ?? ""));
    assert.deepEqual(without, [], runtime);
    for (const [why, count] of Object.entries(leftOut)) assert.ok(why.length > 10 && count > 0, why);
  }
});

test("no row of the table is of a fault or a cell that there is not", () => {
  const names = new Set(FAULTS.map(({ name }) => name));
  assert.deepEqual(Object.keys(table.ends).filter((name) => !names.has(name)), []);
  for (const [runtime, differences] of Object.entries(table.differences)) {
    const cells = new Set(PLANS[runtime].cells.map(nameOf));
    assert.deepEqual(Object.keys(differences).filter((name) => !cells.has(name)), [], runtime);
  }
});

test("no end is one that no call may have", () => {
  const text = JSON.stringify(table);
  for (const never of ["late", "the runner failed", "not an error of ours"]) assert.ok(!text.includes(never), never);
});
