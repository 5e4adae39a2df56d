// Which file Node loads, and that it loads one only: by every name of the package, and by `import` as by `require`.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

const installed = process.env.HFETCH_PACKAGE ?? dirname(createRequire(import.meta.url).resolve("hfetch/package.json"));
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "hfetch-entry-"));
  for (const name of ["whole", "torn"]) await cp(installed, join(folder, name, "node_modules/hfetch"), { recursive: true });
  await rm(join(folder, "torn/node_modules/hfetch/dist/hfetch_bg.wasm"));
});
after(() => rm(folder, { recursive: true, force: true }));

// Every module that is compiled is seen, be it the client's or what decodes the text in the default entry.
const COUNTED = `const sizes = [];
const { Module } = WebAssembly;
WebAssembly.Module = function (bytes) {
  sizes.push(bytes.length);
  return new Module(bytes);
};
`;

/** What a program prints as JSON, run beside the whole package or the torn one. */
async function printed(code, { name = "program.mjs", place = "whole", flags = [] } = {}) {
  const file = join(folder, place, name);
  await writeFile(file, COUNTED + code);
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file]);
  return JSON.parse(stdout);
}

const loading = {
  import: { code: `const { estimateTokens } = await import("hfetch");\n` },
  require: { code: `const { estimateTokens } = require("hfetch");\n`, name: "program.cjs" },
};
const PRINT = "console.log(JSON.stringify([sizes.length, estimateTokens('hello') > 0]));\n";

for (const [way, { code, name }] of Object.entries(loading)) {
  test(`${way} takes the module from its file, and has no text to decode`, async () => {
    assert.deepEqual(await printed(code + PRINT, { name }), [1, true]);
  });
  test(`${way} with --no-addons takes it from the default entry`, async () => {
    assert.deepEqual(await printed(code + PRINT, { name, flags: ["--no-addons"] }), [2, true]);
  });
}

test("all that a process loads of it is one copy", async () => {
  const code = `import { createRequire } from "node:module";
const imported = await import("hfetch");
const required = createRequire(import.meta.url)("hfetch");
const slim = await import("hfetch/slim");
await slim.init(new Uint8Array());
await import("hfetch/gateway");
const names = Object.keys(imported);
console.log(JSON.stringify({ modules: sizes.length, names: names.length, other: names.filter((name) => imported[name] !== required[name] || imported[name] !== slim[name]) }));
`;
  const { modules, names, other } = await printed(code);
  assert.deepEqual([modules, other], [1, []]);
  assert.ok(names > 20);
});

test("slim, started before it, is the same copy", async () => {
  const code = `import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
const slim = await import("hfetch/slim");
await slim.init(await readFile(fileURLToPath(import.meta.resolve("hfetch/hfetch.wasm"))));
const { HuggingFace } = await import("hfetch");
console.log(JSON.stringify([sizes.length, HuggingFace === slim.HuggingFace]));
`;
  // init compiles with WebAssembly.compile, which is not counted.
  assert.deepEqual(await printed(code), [0, true]);
});

test("a file that was left behind is an error that says what to do", async () => {
  const code = `const error = await import("hfetch").catch((error) => error);
console.log(JSON.stringify([error.name, error.message, error.cause.code]));
`;
  const [name, message, cause] = await printed(code, { place: "torn" });
  assert.deepEqual([name, cause], ["HfetchError", "ENOENT"]);
  assert.match(message, /hfetch_bg\.wasm can't be read.*external/s);
});
