// The numbers on the page, as a person reads them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cost, dollars, inFull, shownCost } from "../../../www/format.js";

test("dollars: three digits, two of what is less than a cent, and all of them in full", () => {
  for (const [usd, shown, full] of [
    [0, "$0", "$0"],
    [0.00000737, "$0.0000074", "$0.00000737"],
    [0.00000091, "$0.00000091", "$0.00000091"],
    [1e-7, "$0.0000001", "$0.0000001"],
    [0.1 + 0.2, "$0.3", "$0.3"],
    [0.00999, "$0.01", "$0.00999"],
    [0.0125, "$0.0125", "$0.0125"],
    [0.05, "$0.05", "$0.05"],
    [12.3456, "$12.3", "$12.3456"],
  ]) {
    assert.deepEqual([dollars(usd), inFull(usd)], [shown, full], String(usd));
  }
});

test("a cost: no price is said, and has no figure to tell; an upper bound is marked", () => {
  assert.deepEqual(shownCost({ usd: null, source: "unknown" }), { textContent: "no price", title: "" });
  assert.deepEqual(shownCost({ usd: 0.00000737, source: "live" }), { textContent: "$0.0000074", title: "$0.00000737" });
  assert.equal(cost({ usd: 0.5, source: "live-max" }), "≤ $0.5");
  assert.equal(cost({ usd: 0, source: "live-max" }), "$0");
});
