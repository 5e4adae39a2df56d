// An order of a module's functions that compresses well; nothing else changes.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { likeness, nameByLikeness } from "../../../scripts/wasm-order.mjs";
import { root, run } from "../../../scripts/run.mjs";

const body = (text) => Buffer.from(text);

test("what is alike comes side by side, from the longest on, and each once", () => {
  const bodies = ["the first one of a kind", "another thing altogether.", "the first one of a kind too, longest", "no", "another thing altogether!"].map(body);
  const order = likeness(bodies);
  assert.deepEqual(order.toSorted(), [0, 1, 2, 3, 4]);
  assert.deepEqual(order.slice(0, 2), [2, 0]);
  assert.equal(Math.abs(order.indexOf(1) - order.indexOf(4)), 1);
});

test("no functions, and functions without anything in common, have an order too", () => {
  assert.deepEqual(likeness([]), []);
  assert.deepEqual(likeness(["a", "b", "c"].map(body)).toSorted(), [0, 1, 2]);
});

test("a module whose functions were sorted calls what it called before", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "hfetch-order-"));
  t.after(() => rm(folder, { recursive: true }));
  const [source, wasm, sorted] = ["module.wat", "module.wasm", "sorted.wasm"].map((name) => join(folder, name));
  const chain = (count) => "(i32.mul (i32.const 1234567) ".repeat(count) + "(local.get 0)" + ")".repeat(count);
  const functions = [1, 9, 2, 8, 3, 7].map((count) => `(func (export "f${count}") (param i32) (result i32) ${chain(count)})`);
  const calls = `(func (export "both") (param i32) (result i32) (i32.add (call 1 (local.get 0)) (call $outside (call 6 (local.get 0)))))`;
  await writeFile(source, `(module (import "i" "o" (func $outside (param i32) (result i32))) ${functions.join("\n")} ${calls})`);
  const tool = (name, ...args) => run(process.execPath, [join(root, "node_modules/binaryen/bin", name), ...args]);
  await tool("wasm-as", source, "-o", wasm);
  await writeFile(sorted, nameByLikeness(await readFile(wasm)));
  await tool("wasm-opt", sorted, "-o", sorted, "--reorder-functions-by-name");
  const [before, after] = await Promise.all([wasm, sorted].map((file) => readFile(file)));
  assert.notDeepEqual(after, before);
  assert.deepEqual(WebAssembly.Module.customSections(new WebAssembly.Module(after), "name"), []);
  const results = [before, after].map((bytes) => {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { i: { o: (value) => value + 5 } });
    return Object.fromEntries(Object.keys(exports).sort().map((name) => [name, exports[name](3)]));
  });
  assert.deepEqual(results[1], results[0]);
});
