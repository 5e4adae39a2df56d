// Properties of the wasm file on which the engines that run it can rely.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

const resolve = process.env.HFETCH_PACKAGE ? (name) => join(process.env.HFETCH_PACKAGE, name.replace("hfetch/", "")) : createRequire(import.meta.url).resolve;
const FUNCTION_TYPE = 0x60;
const FUNCTION = 0x00;
const I32 = 0x7f;
const F64 = 0x7c;
const NUMBERS = [F64, 0x7d, 0x7e, I32];

/** The exported functions of a wasm file, each with the types of its results. */
function exportedFunctions(bytes) {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const list = (element) => Array.from({ length: number() }, element);
  const limits = () => (number() & 1 ? [number(), number()] : [number()]);
  const sections = {};
  while (at < bytes.length) {
    const id = bytes[at++];
    const size = number();
    const end = at + size;
    if (id === 1) sections.types = list(() => (assert.equal(bytes[at++], FUNCTION_TYPE), { parameters: list(() => bytes[at++]), results: list(() => bytes[at++]) }));
    if (id === 2) sections.imports = list(() => [text(), text(), imported()]).filter(([, , type]) => type !== null);
    if (id === 3) sections.functions = list(number);
    if (id === 7) sections.exports = list(() => ({ name: text(), kind: bytes[at++], index: number() }));
    at = end;
  }
  function text() {
    const length = number();
    at += length;
    return Buffer.from(bytes.subarray(at - length, at)).toString();
  }
  // A function's type, or null for anything else.
  function imported() {
    const kind = bytes[at++];
    if (kind === FUNCTION) return number();
    if (kind === 1) at += 1;
    if (kind === 3) at += 2;
    else limits();
    return null;
  }
  const kinds = [...sections.imports.map(([, , type]) => type), ...sections.functions];
  return sections.exports.filter(({ kind }) => kind === FUNCTION).map(({ name, index }) => ({ name, results: sections.types[kinds[index]].results }));
}

// V8 in Node 20 inlines calls of functions with one result. It crashes if the calling code is discarded during a call whose result is a reference
// ("unreachable code" in its deoptimizer). Calls with several results aren't inlined.
test("no export gives a lone reference", async () => {
  const functions = exportedFunctions(await readFile(resolve("hfetch/dist/hfetch_bg.wasm")));
  assert.ok(functions.length > 40 && functions.some(({ results }) => results.length > 1));
  assert.deepEqual(functions.filter(({ results }) => results.length === 1 && !NUMBERS.includes(results[0])), []);
});

// A bundler without support for WebAssembly shows the import at which it stops (Vite 8), or the beginning of the module, which it has read as
// JavaScript (Vite 7).
test("a bundler that can't bring the module along shows what to do", async () => {
  const advice = 'hfetch: your bundler brings no WebAssembly along: in Vite, ssr: { external: ["hfetch"] }';
  const entry = await readFile(resolve("hfetch/dist/workerd.js"), "utf8");
  assert.ok(entry.split("\n").find((line) => line.includes('.wasm?module"'))?.includes(`// ${advice}`));
  const module = await readFile(resolve("hfetch/dist/hfetch_bg.wasm"));
  assert.ok(module.subarray(0, 32 + advice.length).includes(advice));
  assert.ok(WebAssembly.validate(module));
});
