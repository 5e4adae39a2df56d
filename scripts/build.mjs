// npm run build [-- --out FOLDER]: turns src/ and pkg-template/ into pkg/, a complete npm package.
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, posix, resolve } from "node:path";
import { parseArgs } from "node:util";
import { encode } from "../pkg-template/wasm-text.js";
import { postponeText } from "./glue-text.mjs";
import { SPEAKING, showing } from "./progress.mjs";
import { alphabet } from "./wasm-alphabet.mjs";
import { findRepository, packedDocuments, packedLinks } from "./repository.mjs";
import { main, npmInstall, root, run, Stop } from "./run.mjs";
import { wasmBindgen, wasmToolchain } from "./toolchain.mjs";
import { importsModule, shortenExports, shortenImports } from "./wasm-names.mjs";
import { nameByLikeness } from "./wasm-order.mjs";

// rustc's own baseline, named one by one, since --all-features would allow encodings that older runtimes refuse.
const WASM_FEATURES = ["bulk-memory", "reference-types", "multivalue", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "simd"];
// More inlining makes the file smaller before compression and larger after it: copies of a function compress worse than calls of it.
const INLINING = ["--always-inline-max-function-size=2", "--flexible-inline-max-function-size=2", "--one-caller-inline-max-function-size=25"];
// Values that are computed twice, and zeros among the constant data, are longer before compression and shorter after it.
const SKIPPED = ["--skip-pass=local-cse", "--skip-pass=memory-packing"];
const WASM_OPT = ["-Oz", "--low-memory-unused", "--converge", ...SKIPPED, ...INLINING];
// The language of the package's JavaScript: what the oldest browsers in docs/hosts.md know. (Firefox 92 has no static blocks, for one.)
const TARGET = ["es2022", "chrome96", "firefox92", "safari16.4"];
const WASM_FOLDER = join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), "wasm");

/**
 * Builds the package into `out`. Tests may need cargo features and linker arguments that a published package never has. Returns { out, raw, lean }: the
 * folder, the wasm file as rustc wrote it, with names, and what wasmToolchain() says.
 */
export async function buildPackage({ out = join(root, "pkg"), wasmFolder = WASM_FOLDER, features = [], link = [] } = {}) {
  // The tools for later steps are prepared while the longest step runs.
  const installed = npmInstall();
  installed.catch(() => {}); // the error is thrown where the promise is awaited
  const toolchain = await wasmToolchain();
  console.log(`building with ${toolchain.way}`);
  const [raw, cli] = await Promise.all([compile(toolchain, wasmFolder, features, link), wasmBindgen(), installed]);
  const glue = await bindgen(cli, raw, wasmFolder);
  const stage = await mkdtemp(join(wasmFolder, "stage-"));
  try {
    await bundle(glue, stage);
    await assemble(stage);
    await rm(out, { recursive: true, force: true });
    await cp(join(stage, "pkg"), out, { recursive: true });
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
  return { out, raw, lean: toolchain.lean };
}

/** The folder of a built package that HFETCH_PACKAGE names, or of one that is built now: so commands that follow one another build only once. */
export async function builtPackage() {
  const given = process.env.HFETCH_PACKAGE;
  return given ? resolve(given) : (await buildPackage()).out;
}

async function compile({ cargo, args, env, flags }, wasmFolder, features, link) {
  // Panic messages contain source paths. Without this, the bytes would depend on the machine that built them.
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const remapped = [`--remap-path-prefix=${cargoHome}=/cargo`, `--remap-path-prefix=${root}=/hfetch/`];
  const linked = ["--export=__stack_pointer", ...link].flatMap((arg) => ["-C", `link-arg=${arg}`]);
  // As a cdylib alone: beside an rlib cargo leaves link-time optimisation out, which is a tenth of the module.
  const compiler = ["rustc", "--lib", "--crate-type", "cdylib", "--release", "--locked", "--target", "wasm32-unknown-unknown", "--features", features.join(), ...args, "--", ...linked];
  const settings = { CARGO_TARGET_DIR: wasmFolder, CARGO_ENCODED_RUSTFLAGS: [...remapped, "-Ctarget-feature=+simd128", ...flags].join("\x1f") };
  await showing("compiling src/ to WebAssembly", (listen) => run(cargo, compiler, { env: { ...process.env, ...env, ...settings, ...SPEAKING }, listen }));
  return join(wasmFolder, "wasm32-unknown-unknown/release/hfetch.wasm");
}

/** Runs wasm-bindgen and wasm-opt, unless the same wasm has been processed by the same tools before. Returns the folder of the results. */
async function bindgen(cli, raw, wasmFolder) {
  const steps = ["wasm-order", "wasm-names", "wasm-alphabet", "glue-text"].map((name) => readFile(join(root, `scripts/${name}.mjs`)));
  const recipe = [cli.version, ...WASM_FEATURES, ...WASM_OPT, ...(await Promise.all(steps)), await readFile(join(root, "package-lock.json"))];
  const folder = join(wasmFolder, `glue-${await digest([...recipe, await readFile(raw)])}`);
  if (existsSync(folder)) return folder;
  const fresh = await mkdtemp(join(wasmFolder, "fresh-"));
  await run(cli.path, [raw, "hfetch", fresh]);
  await shortenGlue(fresh);
  await showing("making the module smaller", async () => {
    await optimise(join(fresh, "hfetch_bg.wasm"));
    await reorder(join(fresh, "hfetch_bg.wasm"));
    await writeFile(join(fresh, "alphabet.json"), JSON.stringify(alphabet(await readFile(join(fresh, "hfetch_bg.wasm")))));
  });
  await checkGlue(fresh);
  await removeOlder(wasmFolder);
  await rename(fresh, folder).catch(() => rm(fresh, { recursive: true }));
  return folder;
}

async function shortenGlue(folder) {
  const [wasm, glue] = ["hfetch_bg.wasm", "hfetch_bg.js"].map((name) => join(folder, name));
  const short = shortenExports(await readFile(wasm), await readFile(glue, "utf8"));
  await writeFile(wasm, short.bytes);
  const postponed = postponeText(short.glue);
  if (postponed === null) throw new Stop("wasm-bindgen's output has changed: scripts/glue-text.mjs must follow");
  await writeFile(glue, postponed);
}

/** Runs wasm-opt on a file, in place. */
export async function optimise(wasm, extra = []) {
  await wasmOpt(wasm, [...WASM_OPT, ...extra]);
}

async function wasmOpt(wasm, flags) {
  const features = WASM_FEATURES.map((feature) => `--enable-${feature}`);
  await run(process.execPath, [join(root, "node_modules/binaryen/bin/wasm-opt"), wasm, "-o", wasm, ...features, ...flags]);
}

async function reorder(wasm) {
  await writeFile(wasm, nameByLikeness(await readFile(wasm)));
  // Levels without passes: nothing is optimised again, and the encoding stays as short as it was. No engine reads the list of features.
  await wasmOpt(wasm, ["--optimize-level=2", "--shrink-level=2", "--reorder-functions-by-name", "--strip-target-features"]);
}

// instantiate.js calls functions that wasm-bindgen considers internal; the build must stop at a version that renames them.
async function checkGlue(folder) {
  const glue = await readFile(join(folder, "hfetch_bg.js"), "utf8");
  const module = new WebAssembly.Module(await readFile(join(folder, "hfetch_bg.wasm")));
  const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
  const wrong = [];
  if (!glue.includes("export function __wbg_set_wasm(")) wrong.push("hfetch_bg.js exports no __wbg_set_wasm");
  for (const name of ["__wbindgen_start", "__stack_pointer"]) {
    if (!exported.includes(name)) wrong.push(`the wasm exports no ${name}`);
  }
  if (wrong.length) throw new Stop(`wasm-bindgen's output has changed, pkg-template/instantiate.js must follow:\n  - ${wrong.join("\n  - ")}`);
}

async function removeOlder(wasmFolder) {
  const hour = 3_600_000;
  for (const name of await readdir(wasmFolder)) {
    const path = join(wasmFolder, name);
    if (/^(glue|fresh|stage)-/.test(name) && Date.now() - (await stat(path)).mtimeMs > hour) await rm(path, { recursive: true, force: true });
  }
}

/** Bundles the entries into stage/dist. Everything that they import is in one folder, as the glue expects. */
async function bundle(glue, stage) {
  const { build } = await import("esbuild");
  const modules = join(stage, "modules");
  await cp(glue, modules, { recursive: true });
  await copyModules(join(root, "src/js"), modules);
  for (const folder of ["gateway", "ai-sdk", "structured", "tools"]) await copyModules(join(root, "src/js", folder), join(modules, folder));
  await copyModules(join(root, "pkg-template"), modules);
  await cp(join(root, "src/wire/models.json"), join(modules, "models.json"));
  await shorten(join(modules, "hfetch_bg.wasm"), join(modules, "imports.js"));
  const entry = (name) => join(modules, `${name}.js`);
  const options = {
    absWorkingDir: modules,
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: TARGET,
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    outdir: join(stage, "pkg/dist"),
  };
  const outputs = [
    build({ ...options, entryPoints: ["index", "wasm-module"].map(entry), plugins: [{ name: "wasm-text", setup: writeWasmAsText }] }),
    build({ ...options, entryPoints: [entry("core")] }),
    build({
      ...options,
      entryPoints: ["index.browser", "workerd", "slim", "web"].map(entry),
      external: ["./core.js", "./wasm-module.js"],
      plugins: [{ name: "wasm-import", setup: keepWasmImports }, { name: "one-core", setup: takeFromCore(join(modules, "public.js")) }],
    }),
    build({ ...options, entryPoints: ["web.node", "web.workerd"].map(entry), external: ["./index.js", "./workerd.js"] }),
    build({
      ...options,
      entryPoints: ["gateway", "gateway.workerd"].map(entry),
      splitting: true,
      chunkNames: "gateway-core",
      // The client stays a file of its own, so that there is one copy in memory.
      external: ["cloudflare:workers", "hfetch", "./workerd.js"],
    }),
    build({
      ...options,
      entryPoints: ["ai-sdk", "ai-sdk.browser", "ai-sdk.workerd"].map(entry),
      splitting: true,
      chunkNames: "ai-sdk-core",
      external: ["hfetch", "./core.js", "./wasm-module.js", "./workerd.js"],
    }),
  ];
  // Each must end before the folder to which it writes may be removed.
  for (const { status, reason } of await Promise.allSettled(outputs)) {
    if (status === "rejected") throw new Stop(reason.errors ? reason.errors.map(describe).join("\n") : reason.message);
  }
  for (const name of ["index", "core"]) await shortenLocals(join(options.outdir, `${name}.js`));
}

/**
 * Shortens the names of variables inside functions, which makes an engine parse the client a sixth faster. Functions and classes at the top
 * keep their names, which stacks and consoles show: esbuild gets the file without its exports, and leaves the top-level names of a script as
 * they are, since other scripts may use them.
 */
async function shortenLocals(file) {
  const { transform } = await import("esbuild");
  const [, body, exported] = /^([^]*)(^export \{[^}]*\};\n*)$/m.exec(await readFile(file, "utf8"));
  const { code } = await transform(body, { minifyIdentifiers: true, target: TARGET, charset: "utf8", legalComments: "none" });
  await writeFile(file, code + exported);
}

/** Shortens the names of the wasm's imports; `imports`, the module from which instantiate.js takes them, uses the same names. */
async function shorten(wasm, imports) {
  const short = shortenImports(await readFile(wasm));
  await writeFile(wasm, short.bytes);
  await writeFile(imports, importsModule(short.imports));
}

/** For the default entry: a function that returns the module's bytes, which stay text until it is called. */
function writeWasmAsText({ onLoad }) {
  onLoad({ filter: /\.wasm$/ }, async ({ path }) => {
    const bytes = await readFile(path);
    const [values, pieces] = encode(bytes, JSON.parse(await readFile(join(dirname(path), "alphabet.json"), "utf8")));
    // Inside the function the text would be parsed twice.
    const contents = `import { decode } from "./wasm-text.js";
const pieces = ${JSON.stringify(pieces)};
export const digest = ${JSON.stringify(await digest([bytes]))};
export const size = ${(await withAdvice(bytes)).length};
export default () => decode(${JSON.stringify(values)}, pieces);
`;
    return { contents, loader: "js", resolveDir: dirname(path) };
  });
}

function keepWasmImports({ onResolve }) {
  onResolve({ filter: /\.wasm(\?module)?$/ }, ({ path }) => ({ path, external: true }));
}

/** Makes `names`, the list of public names, import everything from core.js, which has all of them. */
function takeFromCore(names) {
  return ({ onResolve }) => {
    onResolve({ filter: /^\.\// }, ({ importer }) => (importer === names ? { path: "./core.js", external: true } : undefined));
  };
}

function describe({ text, location }) {
  return location ? `${basename(location.file)}:${location.line}: ${text}` : text;
}

async function copyModules(from, to) {
  for (const name of await readdir(from)) {
    if (name.endsWith(".js")) await cp(join(from, name), join(to, name));
  }
}

// Some bundlers can't include WebAssembly: they stop at the import of the module and show that line. Others read the module as if it were JavaScript and
// show how it begins. Both find this advice there.
const ADVICE = 'hfetch: your bundler brings no WebAssembly along: in Vite, ssr: { external: ["hfetch"] }; for others see docs/hosts.md';

/** The module with the advice in its first section, which engines skip, and after it the digest by which wasm-file.js knows the file. */
async function withAdvice(wasm) {
  const [header, body] = [wasm.subarray(0, 8), wasm.subarray(8)];
  const [name, content] = [` ${ADVICE} `, await digest([wasm])].map((text) => Buffer.from(text));
  const leb = (number) => [(number & 0x7f) | 0x80, number >> 7];
  const section = [0, ...leb(2 + name.length + content.length), ...leb(name.length)];
  return Buffer.concat([header, Buffer.from(section), name, content, body]);
}

async function assemble(stage) {
  const pkg = join(stage, "pkg");
  await mkdir(join(pkg, "dist"), { recursive: true });
  const workers = join(pkg, "dist/workerd.js");
  await writeFile(workers, (await readFile(workers, "utf8")).replace('.wasm?module";', `$& // ${ADVICE}`));
  await writeFile(join(pkg, "dist/hfetch_bg.wasm"), await withAdvice(await readFile(join(stage, "modules/hfetch_bg.wasm"))));
  const template = join(root, "pkg-template");
  for (const name of await readdir(template)) {
    if (/\.(d\.ts|cjs)$/.test(name)) await cp(join(template, name), join(pkg, "dist", name));
    // The same declarations, for programs that a compiler treats as CommonJS.
    if (name.endsWith(".d.ts")) {
      const text = await readFile(join(template, name), "utf8");
      await writeFile(join(pkg, "dist", name.replace(/ts$/, "cts")), text.replace(/ from "(\.\/\w+)\.js";/g, ' from "$1.cjs";'));
    }
  }
  // By default Parcel doesn't read "exports": it looks for a file of that name.
  await writeFile(join(pkg, "web.js"), 'export * from "./dist/web.js";\nexport { default } from "./dist/web.js";\n');
  await cp(join(template, "gateway-worker"), join(pkg, "gateway-worker"), { recursive: true });
  const manifest = JSON.parse(await readFile(join(template, "package.json"), "utf8"));
  const url = await findRepository();
  const repository = url && { repository: { type: "git", url } };
  const [, version] = /^version = "([^"]+)"/m.exec(await readFile(join(root, "Cargo.toml"), "utf8"));
  await writeFile(join(pkg, "package.json"), `${JSON.stringify({ ...manifest, version, ...repository }, null, 2)}\n`);
  for (const [name, ...places] of [["README.md", template, root], ["LICENSE", root], ["CHANGELOG.md", root]]) {
    const place = places.find((folder) => existsSync(join(folder, name)));
    if (place) await cp(join(place, name), join(pkg, name));
  }
  const documents = await packedDocuments();
  await mkdir(join(pkg, "docs"), { recursive: true });
  for (const name of documents) await cp(join(root, name), join(pkg, name));
  const packed = ["README.md", "LICENSE", "CHANGELOG.md"];
  for (const name of ["README.md", "CHANGELOG.md", ...documents]) {
    const file = join(pkg, name);
    // npm shows only the README. If there is a repository, its links to documents lead there.
    const beside = url && name === "README.md" ? packed : [...packed, ...documents];
    await writeFile(file, packedLinks(await readFile(file, "utf8"), url, beside, posix.dirname(name)));
  }
}

async function digest(parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex").slice(0, 16);
}

async function command() {
  const { values } = parseArgs({ options: { out: { type: "string" } } });
  const started = performance.now();
  const { out } = await buildPackage({ out: values.out && resolve(values.out) });
  console.log(`built ${out} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

await main(command, import.meta.url);
