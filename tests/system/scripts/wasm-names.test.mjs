// The short names of what the package's module imports and exports.
import assert from "node:assert/strict";
import { test } from "node:test";
import { importsModule, shortenExports, shortenImports } from "../../../scripts/wasm-names.mjs";

const text = (name) => [name.length, ...Buffer.from(name)];
const section = (id, ...body) => [id, body.length, ...body];

/** A module that imports functions with one number each, by [module, name], and exports them under names, or under their indexes. */
function moduleOf(imports, names = imports.map((_, index) => String(index))) {
  return Buffer.from([
    ...Buffer.from("\0asm"), 1, 0, 0, 0,
    ...section(1, 1, 0x60, 1, 0x7f, 1, 0x7f),
    ...section(2, imports.length, ...imports.flatMap(([module, name]) => [...text(module), ...text(name), 0, 0])),
    ...section(7, names.length, ...names.flatMap((name, index) => [...text(name), 0, index])),
  ]);
}

test("the module asks for short names, in the same order, and calls what stands under them", () => {
  const { bytes, imports } = shortenImports(moduleOf([["./glue.js", "__wbg_double_0123456789abcdef"], ["./error.js", "negate"]]));
  assert.deepEqual(imports, [
    { module: "./glue.js", name: "__wbg_double_0123456789abcdef", short: "0" },
    { module: "./error.js", name: "negate", short: "1" },
  ]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { i: { 0: (value) => 2 * value, 1: (value) => -value } });
  assert.deepEqual([exports[0](21), exports[1](21)], [42, -21]);
});

test("the written module imports each function by its own name and gives it under the short one", () => {
  const { imports } = shortenImports(moduleOf([["./glue.js", "__wbg_double"], ["./error.js", "negate"]]));
  assert.equal(importsModule(imports), [
    'import { __wbg_double as import_0 } from "./glue.js";',
    'import { negate as import_1 } from "./error.js";',
    'export const imports = { i: { "0": import_0, "1": import_1 } };\n',
  ].join("\n"));
});

test("an import that is no function stops the build", () => {
  const memory = Buffer.from([...Buffer.from("\0asm"), 1, 0, 0, 0, ...section(2, 1, ...text("m"), ...text("memory"), 2, 0, 1)]);
  assert.throws(() => shortenImports(memory), /kind 2/);
});

test("the glue asks for short names, which the module gives; what nobody asks for is gone, and what others speak of keeps its name", () => {
  const imports = ["a", "b", "c", "d"].map((name) => ["m", name]);
  const glue = "wasm.call_close(wasm.call_close_twice(1)); wasm.memory; notwasm.call_close; wasm.trap_at(2);";
  const short = shortenExports(moduleOf(imports, ["call_close", "unused", "call_close_twice", "trap_at"]), glue);
  assert.equal(short.glue, "wasm.e0(wasm.e1(1)); wasm.memory; notwasm.call_close; wasm.trap_at(2);");
  const m = Object.fromEntries(imports.map(([, name]) => [name, () => name.charCodeAt(0)]));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(short.bytes), { m });
  assert.deepEqual(Object.entries(exports).map(([name, call]) => [name, String.fromCharCode(call(0))]), [["e0", "a"], ["e1", "c"], ["trap_at", "d"]]);
});
