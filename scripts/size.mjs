// npm run size: prints the size of the package, compressed and not, and of each module in the wasm.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { buildPackage, optimise } from "./build.mjs";
import { peerBundles } from "./peers.mjs";
import { main, run, Stop } from "./run.mjs";
import { wasmBindgen } from "./toolchain.mjs";
import { functionSizes } from "./wasm-sizes.mjs";

/** Brotli bytes that may not be exceeded: today's size, rounded up. It may shrink, not grow. */
const BUDGETS = {
  lean: { "default entry": 166_200, "workerd entry + wasm": 165_000 },
  // These hold for a toolchain that can't build its own standard library.
  plain: { "default entry": 185_800, "workerd entry + wasm": 184_400 },
};

/** The same for what hfetch/ai-sdk adds to a bundle that contains the client. */
export const ADDED_BY_AI_SDK = 8_000;

/** Measures the package that a build made. Returns { lines, over }: a table, and one message for each budget that is exceeded. */
export async function measure({ out: pkg, lean }) {
  const wasm = await readFile(join(pkg, "dist/hfetch_bg.wasm"));
  const [index, workerd, slim, web] = await Promise.all(["index", "workerd", "slim", "web"].map((entry) => minified(join(pkg, "dist", `${entry}.js`))));
  // Two files are compressed separately and added up, since they are sent as two files.
  const parts = { "default entry": [index], "workerd entry + wasm": [workerd, wasm], "slim entry": [slim], "web entry": [web], "wasm alone": [wasm] };
  const lines = [];
  const over = [];
  for (const [name, files] of Object.entries(parts)) {
    const { line, brotli } = weigh(name, files);
    const budget = BUDGETS[lean ? "lean" : "plain"][name];
    lines.push(`${line}${budget ? `  of at most ${kilobytes(budget)}` : ""}`);
    if (budget && brotli > budget) over.push(`${name}: ${brotli} bytes with brotli, at most ${budget} are allowed`);
  }
  const [whole, ...halves] = await addedByAiSdk(pkg);
  lines.push(`${whole.line}  of at most ${kilobytes(ADDED_BY_AI_SDK)}`, ...halves.map(({ line }) => line));
  if (whole.brotli > ADDED_BY_AI_SDK) over.push(`ai-sdk adds ${whole.brotli} bytes with brotli, at most ${ADDED_BY_AI_SDK} are allowed`);
  return { lines, over };
}

/** The bytes that hfetch/ai-sdk adds to an app's bundle that contains the client, as a whole and by its halves; for Workers, whose bundle has the wasm in a separate file. */
export async function addedByAiSdk(pkg) {
  const provider = "createHuggingFace, huggingface";
  const useChat = "fromUIMessages, toUIMessageStreamResponse";
  const bundle = (used) => minified(join(pkg, "dist"), `export { HuggingFace } from "./workerd.js"; ${used ? `export { ${used} } from "./ai-sdk.workerd.js";` : ""}`);
  const client = await bundle();
  const names = { "ai-sdk adds": `${provider}, ${useChat}`, "  its provider alone": provider, "  useChat's half alone": useChat };
  return Promise.all(Object.entries(names).map(async ([name, used]) => weigh(name, [await bundle(used)], 22, [client])));
}

// The size of files, minus that of the files in `without`.
function weigh(name, files, width = 22, without = []) {
  const total = (size) => files.reduce((sum, file) => sum + size(file), 0) - without.reduce((sum, file) => sum + size(file), 0);
  const brotli = total((file) => brotliCompressSync(file, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length);
  const sizes = [total((file) => file.length), total((file) => gzipSync(file, { level: 9 }).length), brotli].map(kilobytes);
  return { line: `  ${name.padEnd(width)} raw ${sizes[0]}  gzip ${sizes[1]}  brotli ${sizes[2]}`, brotli };
}

const LISTED_FUNCTIONS = 25;

/** A file's module, or a program in its folder, in the form in which an app's bundler would ship it. */
async function minified(path, program) {
  const { build } = await import("esbuild");
  const entry = program === undefined ? { entryPoints: [path] } : { stdin: { contents: program, resolveDir: path } };
  const { outputFiles } = await build({ ...entry, bundle: true, minify: true, format: "esm", write: false, external: ["*.wasm?module", "./wasm-module.js"] });
  return outputFiles[0].contents;
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(8);
}

/** The same wasm with its names: the sizes of its layers, crates and modules, and the largest functions. */
async function breakdown(raw) {
  const folder = await mkdtemp(join(tmpdir(), "hfetch-size-"));
  try {
    const cli = await wasmBindgen();
    await run(cli.path, ["--keep-names", raw, "named", folder]);
    const named = join(folder, "named_bg.wasm");
    await optimise(named, ["-g"]);
    const { functions, data } = functionSizes(await readFile(named));
    const parts = [{ name: "constant data", body: data }, ...functions];
    const largest = functions.toSorted((a, b) => b.size - a.size).slice(0, LISTED_FUNCTIONS);
    return { layers: grouped(parts, (name) => layerOf(groupOf(name))), groups: grouped(parts, groupOf), largest };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One line for each group of parts, the largest first. Each is compressed separately, so together they are more than the whole. */
function grouped(parts, groupBy) {
  const groups = {};
  for (const { name, body } of parts) (groups[groupBy(name)] ??= []).push(body);
  const bytes = Object.entries(groups).map(([name, bodies]) => [name, Buffer.concat(bodies)]);
  return bytes.sort(([, a], [, b]) => b.length - a.length).map(([name, file]) => weigh(name, [file], 34).line);
}

// "<hfetch::wire::sse::Framer as core::ops::Drop>::drop" belongs to hfetch::wire::sse, and so does code that another crate generates for its types.
function groupOf(name) {
  if (name === "constant data") return name;
  const path = name.replace(/\[[0-9a-f]+\]/g, "");
  const [own] = /hfetch(::[a-z_0-9]+)+/.exec(path) ?? [];
  if (own) return own.split("::").slice(0, 3).join("::");
  // Methods of primitive types belong to core.
  if (/^[<&[(]*(str|char|[uif]\d+|usize|\[|\()/.test(path)) return "core";
  const [crate] = /[a-z_][a-z0-9_]*(?=::)/.exec(path) ?? [];
  if (crate) return crate;
  return /^(mem|__)/.test(path) ? "wasm_bindgen, compiler_builtins" : "hfetch::js, exported functions";
}

function layerOf(group) {
  if (/^hfetch::js/.test(group)) return "src/js: the rim";
  if (/^hfetch::/.test(group)) return "src but js: the core";
  return group === "constant data" ? group : "libraries";
}

async function command() {
  const built = await buildPackage();
  const { lines, over } = await measure(built);
  const peers = Object.entries(await peerBundles()).map(([name, bundle]) => weigh(name, [bundle]).line);
  console.log(`\n${lines.join("\n")}\n\nThe peers, bundled the same way:\n${peers.join("\n")}`);
  const { layers, groups, largest } = await breakdown(built.raw);
  console.log(`\nThe wasm by layer, each compressed by itself:\n${layers.join("\n")}`);
  console.log(`\nBy crate and module, each compressed by itself:\n${groups.join("\n")}`);
  console.log("\nIts largest functions:");
  for (const { name, size } of largest) console.log(`  ${kilobytes(size)}  ${name.slice(0, 120)}`);
  if (over.length) throw new Stop(over.join("\n"));
}

await main(command, import.meta.url);
