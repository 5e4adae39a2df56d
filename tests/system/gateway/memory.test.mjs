// The memory that streams hold, and the cost of overload: `npm run memory` and `npm run overload` print the same figures, which docs/endurance.md contains.
import assert from "node:assert/strict";
import { test } from "node:test";
import { measureMemory } from "../../../scripts/memory.mjs";
import { measureOverload } from "../../../scripts/overload.mjs";
import { pkg } from "./setting/running.mjs";

const { kinds, wrong, growth } = await measureMemory(pkg);

test("128 streams of the worst kind at once stay far below what an isolate has", () => {
  assert.deepEqual(wrong, []);
  assert.ok(Object.keys(kinds).length > 3);
  for (const { streams, each } of Object.values(kinds)) assert.ok(streams === 128 && each > 200_000);
});

test("what the largest answers leave in the module is no more than a few times what is accepted, and the next ones use it", () => {
  const [, , folded, refused, again] = growth.map(({ wasm }) => wasm);
  assert.ok(folded < 3 * 60e6, `${folded} bytes`);
  assert.equal(again, refused);
});

test("a body over a limit costs no more than receiving it, and 4 MB behind a finish no more than their bound", async () => {
  assert.deepEqual((await measureOverload(pkg)).wrong, []);
});
