// Finds or installs what turns src/ into WebAssembly: a cargo with the wasm32 target, and the program that writes the module's glue.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SPEAKING, showing } from "./progress.mjs";
import { aptInstall, root, run, Stop, which } from "./run.mjs";

const TARGET = "wasm32-unknown-unknown";
// Debian's Rust for browsers has no wasm32 standard library, but its sources.
const DEBIAN_PACKAGES = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22"];
// Stable cargo and rustc accept switches that may still change, such as these, only with this variable.
const UNSTABLE = { RUSTC_BOOTSTRAP: "1" };
const BUILD_STD = "-Zbuild-std=std,panic_abort";
const SPEED = ["core", "compiler_builtins", "alloc"].map((name) => `--config=profile.release.package.${name}.opt-level=3`);
/**
 * The arguments for a standard library that is built with the crate. A panic is a bare trap: nobody would see its text, and most of the saved bytes are such texts. The
 * feature optimize_for_size isn't used, since it makes the module larger and slower: core's functions for speed compress better. The crate itself is compiled for the
 * least size, which makes the module 7 % smaller than opt-level "s", and its attribute optimize(speed) excepts the functions that this would slow down.
 */
const LEAN = {
  args: [BUILD_STD, ...SPEED, '--config=profile.release.opt-level="z"'],
  flags: ["-Zunstable-options", "-Cpanic=immediate-abort", "-Zlocation-detail=none", "-Zfmt-debug=none", "--cfg=optimize_attribute"],
  // The first rustc that spells it this way.
  minor: 92,
};

// With opt-level "s", the size up to which LLVM inlines functions. With a smaller value the decoder gets slower. With 50, LLVM's own value, the module is 1 % larger and no faster.
const PLAIN_FLAGS = ["-Cllvm-args=-inline-threshold=30"];

/**
 * Returns { cargo, args, env, flags, lean, way, plain }: the cargo to call for wasm, with its arguments, environment and rustc flags; whether the standard library is
 * built without the texts of panics; and a name for this way. `plain` has the { args, env } with the existing standard library, for commands that only check.
 */
export async function wasmToolchain() {
  const forced = process.env.HFETCH_TOOLCHAIN;
  const ways = { installed: installedTarget, debian: debianInstalled, rustup: addTarget, "debian-install": debianInstall };
  if (forced && !ways[forced]) throw new Stop(`HFETCH_TOOLCHAIN=${forced} is none of ${Object.keys(ways).join(", ")}`);
  const reasons = [];
  for (const way of forced ? [ways[forced]] : Object.values(ways)) {
    const found = await way(reasons);
    if (found) return made(found);
  }
  throw new Stop(
    `No Rust toolchain that builds for ${TARGET}:\n  - ${reasons.join("\n  - ")}\n` +
      `Install one of these and run the command again:\n` +
      `  rustup (see rustup's own site), then: rustup target add ${TARGET}\n` +
      `  on Debian 12 or newer, as root: apt-get update && apt-get install ${DEBIAN_PACKAGES.join(" ")}`,
  );
}

/** The way with the leaner standard library if that can be built, otherwise with the existing one. */
async function made({ cargo, args, env, version, way }) {
  const plain = { args, env };
  const reason = await plainReason(cargo, version);
  if (reason) return { cargo, args, env, flags: PLAIN_FLAGS, lean: false, way: `${way} (larger: ${reason})`, plain };
  const flags = [...LEAN.flags, `--remap-path-prefix=${sources(version)}=/rust/library`];
  return { cargo, args: LEAN.args, env: { ...env, ...UNSTABLE }, flags, lean: true, way: `${way}, standard library built without panics' texts`, plain };
}

/** Why the standard library can't be built here, or null. */
async function plainReason(cargo, version) {
  if (version.minor < LEAN.minor) return `Rust before 1.${LEAN.minor} can't build a standard library without panics' texts`;
  const rustup = which("rustup");
  if (!existsSync(sources(version)) && rustup) await run(rustup, ["component", "add", "rust-src"], { check: false, timeout: 120_000 });
  if (!existsSync(sources(version))) return "without rustup's rust-src";
  const fetched = await run(cargo, ["fetch", "--locked", "--target", TARGET, BUILD_STD], { check: false, env: { ...process.env, ...UNSTABLE } });
  return fetched.code === 0 ? null : "the standard library's own dependencies can't be fetched";
}

function sources({ sysroot }) {
  return join(sysroot, "lib/rustlib/src/rust/library");
}

async function installedTarget(reasons) {
  const cargo = which("cargo");
  const rustc = which("rustc");
  if (!cargo || !rustc) return void reasons.push("cargo and rustc are not on PATH");
  const version = await rustcVersion(rustc);
  if (!version) return void reasons.push(`${rustc} is older than Cargo.toml's rust-version, or does not run`);
  if (!existsSync(join(version.sysroot, "lib/rustlib", TARGET, "lib"))) return void reasons.push(`${rustc} has no ${TARGET} target`);
  return { cargo, args: [], env: {}, version, way: `Rust ${version.number} with its ${TARGET} target` };
}

async function addTarget(reasons) {
  const rustup = which("rustup");
  if (!rustup) return void reasons.push("rustup is not on PATH");
  console.log(`adding ${TARGET} with rustup`);
  const added = await run(rustup, ["target", "add", TARGET], { check: false, timeout: 120_000 });
  if (added.code === 0) return installedTarget(reasons);
  const last = added.stderr.trim().split("\n").at(-1);
  reasons.push(`rustup target add ${TARGET} ${added.code === null ? "did not end within two minutes" : `failed: ${last}`}`);
}

async function debianInstalled(reasons) {
  const [cargo, rustc] = ["/usr/bin/cargo", "/usr/bin/rustc"];
  if (!which(cargo) || !which(rustc)) return void reasons.push("Debian's rustc-web is not installed");
  const version = await rustcVersion(rustc);
  if (!version) return void reasons.push(`${rustc} is older than Cargo.toml's rust-version`);
  if (!existsSync(sources(version)) || !which("/usr/bin/lld-22")) return void reasons.push("Debian's rust-web-src or lld-22 is not installed");
  const env = { ...UNSTABLE, RUSTC: rustc, PATH: `/usr/bin:${process.env.PATH}` };
  return { cargo, args: [BUILD_STD], env, version, way: `Debian's Rust ${version.number}, standard library from source` };
}

async function debianInstall(reasons) {
  const refused = await aptInstall(...DEBIAN_PACKAGES);
  if (refused) return void reasons.push(refused);
  return debianInstalled(reasons);
}

async function rustcVersion(rustc) {
  const manifest = await readFile(join(root, "Cargo.toml"), "utf8");
  const [, oldest] = /^rust-version = "1\.(\d+)/m.exec(manifest) ?? [];
  const { code, stdout } = await run(rustc, ["--version"], { check: false });
  const [, number, minor] = /^rustc (1\.(\d+)\.\d+)/.exec(stdout) ?? [];
  if (code !== 0 || Number(minor) < Number(oldest)) return null;
  const { stdout: sysroot } = await run(rustc, ["--print", "sysroot"]);
  return { number, minor: Number(minor), sysroot: sysroot.trim() };
}

/**
 * Returns { path, version } of the program that writes the glue. It is built from wasm-bindgen's own library in exactly the crate's version, since another version
 * writes glue that doesn't fit.
 */
export async function wasmBindgen() {
  const folder = join(root, "scripts/bindgen");
  const [version, library] = await Promise.all([lockedVersion(root, "wasm-bindgen"), lockedVersion(folder, "wasm-bindgen-cli-support")]);
  if (version !== library) throw new Stop(`scripts/bindgen takes wasm-bindgen-cli-support ${library}, the crate wasm-bindgen ${version}: they must be equal`);
  const cargo = which("cargo");
  if (!cargo) throw new Stop("cargo is not on PATH: the program that writes the module's glue can't be built");
  const target = join(root, "target/tools");
  const args = ["build", "--release", "--locked", "--manifest-path", join(folder, "Cargo.toml"), "--target-dir", target];
  await showing(`wasm-bindgen ${version}, once`, (listen) => run(cargo, args, { env: { ...process.env, ...SPEAKING }, listen }));
  return { path: join(target, "release", process.platform === "win32" ? "hfetch-bindgen.exe" : "hfetch-bindgen"), version };
}

async function lockedVersion(folder, name) {
  const lock = await readFile(join(folder, "Cargo.lock"), "utf8");
  const [, version] = lock.match(new RegExp(`name = "${name}"\nversion = "([^"]+)"`)) ?? [];
  if (!version) throw new Stop(`${join(folder, "Cargo.lock")} names no ${name}`);
  return version;
}
