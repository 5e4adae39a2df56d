// Checks of a package that don't run it: what the tarball contains, and whether its manifest and types are consistent.
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join, posix } from "node:path";
import { pack } from "./install.mjs";
import { packedDocuments } from "./repository.mjs";
import { anchorsOf } from "../tests/system/readme/setting/snippets.mjs";
import { root, run } from "./run.mjs";

const EXPECTED = [
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "dist/ai-sdk-core.js",
  "dist/ai-sdk.browser.js",
  "dist/ai-sdk.cjs",
  "dist/ai-sdk.d.cts",
  "dist/ai-sdk.d.ts",
  "dist/ai-sdk.js",
  "dist/ai-sdk.workerd.js",
  "dist/commonjs.cjs",
  "dist/core.js",
  "dist/gateway-core.js",
  "dist/gateway.cjs",
  "dist/gateway.d.cts",
  "dist/gateway.d.ts",
  "dist/gateway.js",
  "dist/gateway.workerd.js",
  "dist/hfetch.d.cts",
  "dist/hfetch.d.ts",
  "dist/hfetch_bg.wasm",
  "dist/index.browser.js",
  "dist/index.cjs",
  "dist/index.js",
  "dist/slim.cjs",
  "dist/slim.d.cts",
  "dist/slim.d.ts",
  "dist/slim.js",
  "dist/wasm-module.js",
  "dist/web.d.cts",
  "dist/web.d.ts",
  "dist/web.js",
  "dist/web.node.js",
  "dist/web.workerd.js",
  "dist/workerd.js",
  "gateway-worker/worker.js",
  "gateway-worker/wrangler.jsonc",
  "package.json",
  "web.js",
];

/** The exports of a package's module that are meant for tests of traps; a published package never has any. */
export async function trapsOnPurpose(pkg) {
  const module = new WebAssembly.Module(await readFile(join(pkg, "dist/hfetch_bg.wasm")));
  return WebAssembly.Module.exports(module).map(({ name }) => name).filter((name) => name.startsWith("trap"));
}

// The rule takes every `module.exports =` for a module without a default export. Ours are what require() of an ES module returns, with `default` and `__esModule`.
const NO_RULE = ["--ignore-rules", "false-export-default"];

const checks = {
  "the tarball holds what it should, and nothing else": async ({ files }) => {
    const found = files.map(({ path }) => path).sort();
    const expected = [...EXPECTED, ...(await packedDocuments())];
    const extra = found.filter((path) => !expected.includes(path));
    const missing = expected.filter((path) => !found.includes(path));
    return [...extra.map((path) => `${path} should not be in it`), ...missing.map((path) => `${path} is missing`)];
  },
  "no file names a folder of this machine": async ({ pkg }) => {
    const wrong = [];
    for (const entry of await readdir(pkg, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath ?? entry.path, entry.name);
      const text = await readFile(path, "latin1");
      for (const place of [root, `${homedir()}/`, "/.cargo/", "/usr/lib/"]) if (text.includes(place)) wrong.push(`${path} has ${place}`);
    }
    return wrong;
  },
  "the module can't be made to trap": async ({ pkg }) => (await trapsOnPurpose(pkg)).map((name) => `it exports ${name}: the feature "traps" is for tests`),
  "the manifest says what npm shows and needs": async ({ pkg }) => {
    const manifest = JSON.parse(await readFile(join(pkg, "package.json"), "utf8"));
    const needed = ["name", "version", "description", "keywords", "license", "type", "sideEffects", "files", "exports", "types", "engines"];
    const missing = needed.filter((field) => !manifest[field]).map((field) => `${field} is missing`);
    const unknown = (manifest.sideEffects ?? []).filter((path) => !existsSync(join(pkg, path))).map((path) => `sideEffects names ${path}, which is not there`);
    return [...missing, ...unknown, ...(manifest.publishConfig?.provenance ? [] : ["publishConfig asks for no provenance"])];
  },
  "the default entry is one file that imports nothing and awaits nothing": async ({ pkg }) => {
    const { build } = await import("esbuild");
    const entry = join(pkg, "dist/index.js");
    // In a format without modules, top-level await is an error and import.meta a warning.
    const options = { entryPoints: [entry], bundle: true, external: ["*"], format: "iife", write: false, metafile: true, logLevel: "silent" };
    const { metafile, warnings } = await build(options).catch(({ errors }) => ({ metafile: { inputs: {} }, warnings: errors }));
    const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => `it imports ${path}`));
    return [...imported, ...warnings.map(({ text }) => text)];
  },
  "the entries are written in what the oldest browsers of the README understand": async ({ pkg }) => {
    const { transform } = await import("esbuild");
    const readme = await readFile(join(pkg, "README.md"), "utf8");
    const [, ...versions] = /Chrome (\S+), Firefox (\S+), Safari (\S+) or newer/.exec(readme) ?? [];
    if (!versions.length) return ["the README names no browsers"];
    const target = ["chrome", "firefox", "safari"].map((name, index) => name + versions[index]);
    const wrong = [];
    for (const name of ["index.js", "index.browser.js", "slim.js", "web.js", "core.js"]) {
      const code = await readFile(join(pkg, "dist", name), "utf8");
      // esbuild would rewrite syntax that these browsers lack.
      const [before, after] = await Promise.all([transform(code, { target: "esnext" }), transform(code, { target })]);
      if (before.code !== after.code) wrong.push(`dist/${name} has syntax that is newer than ${target.join(", ")}`);
    }
    return wrong;
  },
  "every link of its texts leads somewhere without the sources": async ({ pkg, files }) => {
    const wrong = [];
    for (const name of ["README.md", "CHANGELOG.md", ...(await packedDocuments())]) {
      const text = await readFile(join(pkg, name), "utf8");
      for (const [, target] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
        const [path, anchor] = target.split("#");
        const file = path ? posix.join(posix.dirname(name), path) : name;
        const there = files.some((packed) => packed.path === file) ? await readFile(join(pkg, file), "utf8") : null;
        if (there === null || (anchor && !anchorsOf(there).includes(anchor))) wrong.push(`${name} links to ${target}`);
      }
    }
    return wrong;
  },
  "publint finds nothing": async ({ pkg }) => {
    const { publint } = await import("publint");
    const { formatMessage } = await import("publint/utils");
    const { messages, pkg: manifest } = await publint({ pkgDir: pkg, strict: true });
    // The field "browser" is for Parcel, which by default reads no "exports" (those have the same entry).
    const wrong = messages.filter(({ code }) => code !== "USE_EXPORTS_BROWSER");
    return wrong.map((message) => formatMessage(message, manifest, { color: false }));
  },
  "types resolve in every mode (attw)": async ({ tarball }) => {
    const cli = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
    const { code, stdout } = await run(process.execPath, [cli, tarball, "--profile", "esm-only", "--exclude-entrypoints", "./hfetch.wasm", ...NO_RULE, "--no-emoji"], { check: false });
    return code === 0 ? [] : [stdout];
  },
};

/** Runs every check on a built package folder; returns { passed, failed, failures }. */
export async function checkPackage(pkg) {
  const folder = await mkdtemp(join(tmpdir(), "hfetch-packed-"));
  try {
    const packed = { pkg, ...(await pack(pkg, folder)) };
    const failures = [];
    for (const [name, check] of Object.entries(checks)) {
      const wrong = await check(packed);
      if (wrong.length) failures.push({ name, error: wrong.join("\n") });
    }
    return { passed: Object.keys(checks).length - failures.length, failed: failures.length, failures };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
