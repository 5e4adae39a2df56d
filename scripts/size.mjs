// npm run size: what the package weighs, compressed and not, and which module of the wasm weighs what.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { buildPackage, optimise } from "./build.mjs";
import { peerBundles } from "./peers.mjs";
import { main, run, Stop } from "./run.mjs";
import { wasmBindgen } from "./toolchain.mjs";
import { functionSizes } from "./wasm-sizes.mjs";

/** Brotli bytes that may not be exceeded: today's weight, rounded up. It may shrink, not grow. */
const BUDGETS = {
  lean: { "default entry": 132_000, "workerd entry + wasm": 129_000 },
  // What a toolchain makes that can't build its own standard library.
  plain: { "default entry": 142_500, "workerd entry + wasm": 138_500 },
};

/** Measures the package that a build made. Gives { lines, over }: a table, and one message for each budget that is exceeded. */
export async function measure({ out: pkg, lean }) {
  const wasm = await readFile(join(pkg, "dist/hfetch_bg.wasm"));
  const [index, workerd, slim] = await Promise.all(["index", "workerd", "slim"].map((entry) => minified(join(pkg, "dist", `${entry}.js`))));
  // Compressed apart and added up: they travel as two files.
  const parts = { "default entry": [index], "workerd entry + wasm": [workerd, wasm], "slim entry": [slim], "wasm alone": [wasm] };
  const lines = [];
  const over = [];
  for (const [name, files] of Object.entries(parts)) {
    const { line, brotli } = weigh(name, files);
    const budget = BUDGETS[lean ? "lean" : "plain"][name];
    lines.push(`${line}${budget ? `  of at most ${kilobytes(budget)}` : ""}`);
    if (budget && brotli > budget) over.push(`${name}: ${brotli} bytes with brotli, at most ${budget} are allowed`);
  }
  return { lines, over };
}

function weigh(name, files) {
  const total = (size) => files.reduce((sum, file) => sum + size(file), 0);
  const brotli = total((file) => brotliCompressSync(file, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length);
  const sizes = [total((file) => file.length), total((file) => gzipSync(file, { level: 9 }).length), brotli].map(kilobytes);
  return { line: `  ${name.padEnd(22)} raw ${sizes[0]}  gzip ${sizes[1]}  brotli ${sizes[2]}`, brotli };
}

const LISTED_FUNCTIONS = 25;

/** The file as an app's bundler would ship it. */
async function minified(entry) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, minify: true, format: "esm", write: false, external: ["*.wasm"] });
  return outputFiles[0].contents;
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(8);
}

/** The same wasm with its names kept: bytes of code by crate and, for our own, by module; and the largest functions. */
async function breakdown(raw) {
  const folder = await mkdtemp(join(tmpdir(), "hfetch-size-"));
  try {
    const cli = await wasmBindgen();
    await run(cli.path, ["--target", "bundler", "--no-typescript", "--out-name", "named", "--out-dir", folder, raw]);
    const named = join(folder, "named_bg.wasm");
    await optimise(named, ["-g"]);
    const { functions, data } = functionSizes(await readFile(named));
    const groups = new Map([["constant data", data]]);
    for (const { name, size } of functions) groups.set(groupOf(name), (groups.get(groupOf(name)) ?? 0) + size);
    const largest = functions.toSorted((a, b) => b.size - a.size).slice(0, LISTED_FUNCTIONS);
    return { groups: [...groups].sort(([, a], [, b]) => b - a), largest };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// "<hfetch::wire::sse::Framer as core::ops::Drop>::drop" belongs to hfetch::wire::sse.
function groupOf(name) {
  const [path] = /[a-z_][a-z0-9_]*(::[a-z_][a-z0-9_]*)*/.exec(name.replace(/^[^a-z_]+/, "")) ?? ["other"];
  const [crate, ...modules] = path.split("::");
  if (crate === "hfetch") return [crate, ...modules.slice(0, 2)].join("::");
  if (modules.length) return crate;
  // Methods of primitive types are core's. A name without a path is what JavaScript calls, with all that was inlined there.
  return name.includes("::") ? "core" : "hfetch::js, exported functions";
}

async function command() {
  const built = await buildPackage();
  const { lines, over } = await measure(built);
  const peers = Object.entries(await peerBundles()).map(([name, bundle]) => weigh(name, [bundle]).line);
  console.log(`\n${lines.join("\n")}\n\nThe peers, bundled the same way:\n${peers.join("\n")}`);
  console.log("\nThe wasm by crate and module, before compression:");
  const { groups, largest } = await breakdown(built.raw);
  for (const [group, size] of groups) console.log(`  ${kilobytes(size)}  ${group}`);
  console.log("\nIts largest functions:");
  for (const { name, size } of largest) console.log(`  ${kilobytes(size)}  ${name.slice(0, 120)}`);
  if (over.length) throw new Stop(over.join("\n"));
}

await main(command, import.meta.url);
