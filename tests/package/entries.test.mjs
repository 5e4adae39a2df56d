// The files of the package that Node loads: `import` and `require` give the same copy, and it does no work before its first use.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

const installed = process.env.HFETCH_PACKAGE ?? dirname(createRequire(import.meta.url).resolve("hfetch/package.json"));
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "hfetch-entry-"));
  await cp(installed, join(folder, "node_modules/hfetch"), { recursive: true });
});
after(() => rm(folder, { recursive: true, force: true }));

// Records every module that is compiled, both the client's and the one that decodes its text.
const COUNTED = `const sizes = [];
const { Module } = WebAssembly;
let forbidden = false;
WebAssembly.Module = function (bytes) {
  if (forbidden) throw new WebAssembly.CompileError("blocked by policy");
  sizes.push(bytes.length);
  return new Module(bytes);
};
`;

/** The value that a program prints as JSON. */
async function printed(code, { name = "program.mjs", flags = [] } = {}) {
  const file = join(folder, name);
  await writeFile(file, COUNTED + code);
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file]);
  return JSON.parse(stdout);
}

const loading = {
  import: { code: `const hfetch = await import("hfetch");\n` },
  require: { code: `const hfetch = require("hfetch");\n`, name: "program.cjs" },
  "require, where it takes no ES modules": { code: `const hfetch = require("./node_modules/hfetch/dist/index.cjs");\n`, name: "program.cjs", flags: ["--no-experimental-require-module"] },
};

// Node resolves import and require to the same file, so code that looks the file up and imports it gets the same names.
test("require.resolve names what import loads", async () => {
  const code = `import { createRequire } from "node:module";
const { resolve } = createRequire(import.meta.url);
const { pathToFileURL } = await import("node:url");
const wrong = ["hfetch", "hfetch/slim", "hfetch/gateway"].filter((name) => pathToFileURL(resolve(name)).href !== import.meta.resolve(name));
console.log(JSON.stringify(wrong));
`;
  assert.deepEqual(await printed(code), []);
});

for (const [way, { code, name, flags }] of Object.entries(loading)) {
  test(`${way}: the module is compiled at the first use, once`, async () => {
    const counts = `const counts = [sizes.length];
hfetch.estimateTokens("hello");
counts.push(sizes.length);
new hfetch.HuggingFace({ apiKey: "hf_key" });
hfetch.cost({ prompt_tokens: 1 }, { inputPerMillion: 1, outputPerMillion: 1 });
console.log(JSON.stringify([...counts, sizes.length, hfetch.default === hfetch.HuggingFace]));
`;
    assert.deepEqual(await printed(code + counts, { name, flags }), [0, 1, 1, true]);
  });
}

// The text is decoded by a module of its own. So two modules are compiled where it is needed, and a third where the file can't be compiled.
test("Node takes the module's file where it is there and whole, and the text everywhere else", async () => {
  const use = `console.log(JSON.stringify([hfetch.estimateTokens("hello") > 0, sizes.length]));\n`;
  const file = join(folder, "node_modules/hfetch/dist/hfetch_bg.wasm");
  const whole = await readFile(file);
  const states = {
    there: [() => {}, 1],
    missing: [() => rm(file), 2],
    "of another version": [() => writeFile(file, Buffer.from(new Uint8Array(whole).map((byte, at) => (at > 100 && at < 300 ? 0x20 : byte)))), 2],
    "cut off": [() => writeFile(file, whole.subarray(0, 1000)), 2],
    // An engine takes the section that names the file for a whole module.
    "cut off after a section": [() => writeFile(file, whole.subarray(0, 11 + (whole[9] & 0x7f) + (whole[10] << 7))), 2],
    damaged: [() => writeFile(file, Buffer.from(whole).fill(0, 5000)), 3],
    "no file": [() => rm(file).then(() => promisify(execFile)("mkfifo", [file])), 2],
  };
  try {
    for (const [state, [change, modules]] of Object.entries(states)) {
      await change();
      for (const [way, { code, name, flags }] of Object.entries(loading)) {
        assert.deepEqual(await printed(code + use, { name, flags }), [true, modules], `${state}, ${way}`);
      }
    }
  } finally {
    await rm(file, { force: true });
    await writeFile(file, whole);
  }
});

test("what can be had without the module doesn't start it", async () => {
  const code = `const { APIError, FREE_TIER, HfetchError, MODELS } = await import("hfetch");
console.log(JSON.stringify([MODELS.length > 0, FREE_TIER.requestsPerMinute, new APIError("x") instanceof HfetchError, sizes.length]));
`;
  assert.deepEqual(await printed(code), [true, 300, true, 0]);
});

test("import, require and the gateway share one copy", async () => {
  const code = `import { createRequire } from "node:module";
const imported = await import("hfetch");
const require = createRequire(import.meta.url);
const required = require("hfetch");
const gateways = [await import("hfetch/gateway"), require("hfetch/gateway")];
imported.estimateTokens("hello");
required.estimateTokens("hello");
const names = Object.keys(imported);
console.log(JSON.stringify({ modules: sizes.length, names: names.length, other: names.filter((name) => imported[name] !== required[name]), gateways: gateways[0].gateway === gateways[1].gateway }));
`;
  const { modules, names, other, gateways } = await printed(code);
  assert.deepEqual([modules, other, gateways], [1, [], true]);
  assert.ok(names > 20);
});

test("where require takes no ES modules, all entries are there and share one client", async () => {
  // Resolved by a host that doesn't know Node's own condition.
  const code = `const load = (name) => require("./node_modules/hfetch/dist/" + name + ".cjs");
const hfetch = load("index");
const { gateway, durableStore } = load("gateway");
const slim = load("slim");
const thrown = (work) => { try { work(); } catch (error) { return error; } };
const errors = [thrown(() => durableStore(null)), thrown(() => new hfetch.HuggingFace({ timeout: "soon" })), thrown(() => slim.estimateTokens("x"))];
slim.init(require("node:fs").readFileSync(require.resolve("hfetch/hfetch.wasm"))).then(() => {
  console.log(JSON.stringify([errors.map((error) => error instanceof hfetch.HfetchError && error.name), slim.estimateTokens("hello") === hfetch.estimateTokens("hello"), typeof gateway().fetch, load("index") === hfetch, hfetch.__esModule && hfetch.default === hfetch.HuggingFace]));
});
`;
  const flags = ["--no-experimental-require-module"];
  assert.deepEqual(await printed(code, { name: "program.cjs", flags }), [["ConfigError", "ConfigError", "HfetchError"], true, "function", true, true]);
});

test("slim beside it is a copy of its own, whose errors are known all the same", async () => {
  const code = `const hfetch = await import("hfetch");
const slim = await import("hfetch/slim");
let error;
try {
  slim.estimateTokens("hello");
} catch (thrown) {
  error = thrown;
}
console.log(JSON.stringify([error instanceof hfetch.HfetchError, [error.message, error.hint], hfetch.estimateTokens("hello") > 0]));
`;
  const [known, [message, hint], works] = await printed(code);
  assert.deepEqual([known, works], [true, true]);
  assert.equal(message, "hfetch/slim is not initialised");
  assert.match(hint, /Call init\(source\)/);
});

test("where WebAssembly is forbidden the import works, the first use says what to do, and a later one works once it is allowed", async () => {
  const code = `forbidden = true;
const hfetch = await import("hfetch");
const tried = [];
for (const use of [() => new hfetch.HuggingFace({ apiKey: "hf_key" }), () => hfetch.version(), () => new hfetch.RateLimiter({ requestsPerMinute: 1 })]) {
  try {
    use();
  } catch (error) {
    tried.push([error instanceof hfetch.HfetchError, error.cause.name, error.message, error.hint]);
  }
}
globalThis.WebSocketPair = class {};
try {
  hfetch.version();
} catch ({ hint }) {
  tried.push(hint);
}
forbidden = false;
console.log(JSON.stringify([tried, hfetch.estimateTokens("hello") > 0]));
`;
  const [[...tried], works] = await printed(code);
  const inWorker = tried.pop();
  const message = "hfetch: WebAssembly can't be started here: blocked by policy";
  const hint = "The Content-Security-Policy of a page or an extension needs script-src 'wasm-unsafe-eval'.";
  assert.deepEqual(tried, Array(3).fill([true, "CompileError", message, hint]));
  assert.match(inWorker, /nitro\.experimental\.wasm: true.*serverExternalPackages: \["hfetch"\].*"workerd"\.$/);
  assert.equal(works, true);
});

test("where the process may have too few addresses, the error names the limit, and Node's flag helps", async () => {
  const code = `const hfetch = await import("hfetch");
try {
  console.log(JSON.stringify([hfetch.estimateTokens("hello") > 0]));
} catch ({ message, hint }) {
  console.log(JSON.stringify([message, hint]));
}
`;
  await printed(code, { name: "addresses.mjs" });
  const limited = async (...flags) => {
    const program = ["-c", 'ulimit -v 4000000; exec "$0" "$@"', process.execPath, ...flags, join(folder, "addresses.mjs")];
    return JSON.parse((await promisify(execFile)("sh", program)).stdout);
  };
  const [message, hint] = await limited();
  assert.match(message, /can't be started here: .*Out of memory/);
  assert.match(hint, /ulimit -v.*--disable-wasm-trap-handler\.$/);
  assert.deepEqual(await limited("--disable-wasm-trap-handler"), [true]);
});

test("the entries turn into CommonJS: nothing of a module is left in them", async () => {
  const { IMPORT, EXPORT, ADDRESS } = createRequire(import.meta.url)(join(installed, "dist/commonjs.cjs"));
  for (const name of ["index.js", "slim.js", "core.js", "gateway.js", "gateway-core.js"]) {
    const source = await readFile(join(installed, "dist", name), "utf8");
    const rest = source.replace(IMPORT, "").replace(EXPORT, "").replace(ADDRESS, "");
    assert.equal(source.match(EXPORT).length, 1, name);
    assert.doesNotMatch(rest, /^\s*(import|export)\b|\bimport\.meta\b|\bimport\(/m, name);
  }
});

// Stacks and consoles show these names. The build shortens only the names of variables inside functions.
test("public functions and classes have the names under which they are exported", async () => {
  for (const file of ["index.js", "core.js"]) {
    const names = `const all = Object.entries(await import("./node_modules/hfetch/dist/${file}"));
console.log(JSON.stringify(all.filter(([name, { prototype }]) => name !== "default" && prototype !== undefined).map(([name, value]) => [name, value.name])));
`;
    const named = await printed(names);
    assert.ok(named.length > 20, file);
    for (const [name, own] of named) assert.equal(own, name, file);
  }
});
