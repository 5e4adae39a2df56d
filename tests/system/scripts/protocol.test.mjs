// The core and its driver use numbers for steps, events and causes. Both sides must mean the same by them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../../scripts/run.mjs";

const numbers = (text, line) => Object.fromEntries([...text.matchAll(line)].map(([, name, number]) => [name, Number(number)]));

test("the numbers of protocol.rs are those of protocol.js", async () => {
  const [rust, js] = await Promise.all(["rs", "js"].map((ending) => readFile(join(root, `src/js/protocol.${ending}`), "utf8")));
  // The driver doesn't know the step that asks for nothing.
  const { NOTHING, ...core } = numbers(rust, /^pub const (\w+): u8 = (\d+);$/gm);
  assert.equal(NOTHING, 0);
  assert.ok(Object.keys(core).length > 30);
  assert.deepEqual(numbers(js, /^export const (\w+) = (\d+);$/gm), core);
});
