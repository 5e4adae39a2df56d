// The core and its driver use numbers for steps, events and causes. Both sides must mean the same by them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../../scripts/run.mjs";
import { HEADERS, headersOfFailure } from "../../../src/js/protocol.js";

const numbers = (text, line) => Object.fromEntries([...text.matchAll(line)].map(([, name, number]) => [name, Number(number)]));

test("the numbers of protocol.rs are those of protocol.js", async () => {
  const [rust, js] = await Promise.all(["rs", "js"].map((ending) => readFile(join(root, `src/js/protocol.${ending}`), "utf8")));
  // The driver doesn't know the step that asks for nothing.
  const { NOTHING, ...core } = numbers(rust, /^pub const (\w+): u8 = (\d+);$/gm);
  assert.equal(NOTHING, 0);
  assert.ok(Object.keys(core).length > 30);
  assert.deepEqual(numbers(js, /^export const (\w+) = (\d+);$/gm), core);
});

test("the headers that the driver reads are those that the core takes, in its order", async () => {
  const [head, retry] = await Promise.all(["call/head", "policy/retry"].map((name) => readFile(join(root, `src/${name}.rs`), "utf8")));
  const list = (text, name) => [...new RegExp(`const ${name}: \\[[^=]*= \\[([^\\]]*)\\]`).exec(text)[1].matchAll(/"([^"]*)"/g)].map(([, item]) => item);
  const text = (name) => new RegExp(`const ${name}: &str = "([^"]+)"`).exec(retry)[1];
  const windows = list(retry, "SUFFIXES").flatMap((suffix) => [text("REMAINING") + suffix, text("RESET") + suffix]);
  const names = list(head, "NAMES");
  assert.deepEqual(headersOfFailure(), [...names, ...windows]);
  assert.deepEqual(HEADERS, names.slice(0, Number(/const OF_SUCCESS: usize = (\d+);/.exec(head)[1])));
  assert.ok(windows.length > 10 && HEADERS.length > 5);
});
