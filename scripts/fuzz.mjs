// npm run fuzz [-- --seconds N] [--only target,target]: runs each fuzz target in turn, and prints what it found.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { targets as scriptTargets } from "../tests/fuzz/js/targets.mjs";
import { buildPackage } from "./build.mjs";
import { keepFigures } from "./figures.mjs";
import { main, root, run, Stop, which } from "./run.mjs";

const CARGO_FUZZ = "0.13.2";
const FUZZ = join(root, "tests/fuzz");
const TOOLS = join(root, "target/tools");
const WORK = join(root, "target/fuzz");

/** The names of the targets in Rust. */
async function rustTargets() {
  return (await readdir(join(FUZZ, "targets"))).map((name) => name.replace(/\.rs$/, "")).sort();
}

/** The environment in which `cargo +nightly fuzz` works; fuzzing needs a nightly compiler. */
async function fuzzEnvironment() {
  const cargo = which("cargo");
  const nightly = cargo && (await run(cargo, ["+nightly", "--version"], { check: false }));
  if (nightly?.code !== 0) {
    throw new Stop("cargo-fuzz needs a nightly compiler: rustup toolchain install nightly --profile minimal\n(cargo test corpus replays the corpus on stable)");
  }
  const env = { ...process.env, PATH: `${join(TOOLS, "bin")}${delimiter}${process.env.PATH}` };
  const there = await run(cargo, ["+nightly", "fuzz", "--version"], { env, check: false });
  if (there.code !== 0) {
    console.log(`building cargo-fuzz ${CARGO_FUZZ} (once, some minutes)`);
    await run(cargo, ["install", "cargo-fuzz", "--version", CARGO_FUZZ, "--root", TOOLS]);
  }
  return env;
}

/** Fuzzes a target in Rust for so many seconds. Returns how many inputs were tried; a finding is thrown, with the input that shows it. */
async function fuzzRust(target, seconds, env) {
  const found = join(WORK, target, "corpus");
  const artifacts = join(WORK, target, "findings");
  await mkdir(found, { recursive: true });
  await mkdir(artifacts, { recursive: true });
  // The core has no unsafe code, so a sanitizer would only slow it down. Callbacks at every comparison would too, and the texts with which the code compares
  // are in the dictionary.
  const options = ["--fuzz-dir", FUZZ, "--target-dir", join(WORK, "build"), "-s", "none", "--no-trace-compares"];
  const limits = [`-max_total_time=${seconds}`, `-dict=${join(FUZZ, "dictionary")}`, "-max_len=1024", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", `-artifact_prefix=${artifacts}/`];
  const args = ["+nightly", "fuzz", "run", ...options, target, found, join(FUZZ, "corpus", target), join(root, "tests/fixtures"), "--", ...limits];
  const { code, stdout, stderr } = await run(which("cargo"), args, { env, check: false });
  const output = stdout + stderr;
  const inputs = Number(/^stat::number_of_executed_units:\s*(\d+)/m.exec(output)?.[1] ?? 0);
  if (code !== 0) {
    const artifact = /Test unit written to (\S+)/.exec(output)?.[1];
    const shown = artifact ? JSON.stringify((await readFile(artifact)).toString("latin1")) : output.slice(-3000);
    const said = /panicked at [\s\S]*?(?=\nnote:|\nstack backtrace|\n==)/.exec(output)?.[0] ?? "";
    throw new Stop(`${target}: a finding after ${inputs} inputs\n${said}\n${artifact ?? ""}\n${shown}`);
  }
  return inputs;
}

/** The same for a target in JavaScript, whose inputs are edited inputs of the corpus. */
async function fuzzScript(target, seconds, pkg) {
  const { stdout } = await run(process.execPath, [join(FUZZ, "js/main.mjs"), target, String(seconds), pkg]);
  const { inputs, found } = JSON.parse(stdout.trim().split("\n").at(-1));
  if (!found) return inputs;
  const artifact = join(WORK, target, "findings", "smallest");
  await mkdir(join(WORK, target, "findings"), { recursive: true });
  await writeFile(artifact, found.input, "latin1");
  throw new Stop(`${target}: a finding after ${inputs} inputs\n${found.error}\n${artifact}\n${JSON.stringify(found.input)}`);
}

/** The selected targets: { name: (seconds) => how many inputs were tried }. */
async function allTargets(wanted, given) {
  const found = {};
  const rust = (await rustTargets()).filter(wanted);
  const env = rust.length > 0 ? await fuzzEnvironment() : undefined;
  for (const name of rust) found[name] = (seconds) => fuzzRust(name, seconds, env);
  const scripts = Object.keys(scriptTargets("")).filter(wanted);
  const pkg = scripts.length > 0 ? given ?? (await buildPackage()).out : undefined;
  for (const name of scripts) found[name] = (seconds) => fuzzScript(name, seconds, pkg);
  return found;
}

async function command() {
  const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" }, only: { type: "string" }, package: { type: "string" } } });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Stop("--seconds: a number above 0");
  const only = values.only?.split(",");
  const targets = await allTargets((name) => only?.includes(name) ?? true, values.package && resolve(values.package));
  const findings = [];
  for (const [target, fuzz] of Object.entries(targets)) {
    try {
      const inputs = await fuzz(seconds);
      console.log(`✔ ${target.padEnd(12)} ${inputs} inputs in ${seconds} s, no finding`);
      await keepFigures("fuzz", { [target]: { inputs, seconds } });
    } catch (error) {
      findings.push(target);
      console.log(`✖ ${error.message}`);
    }
  }
  if (findings.length) throw new Stop(`findings in ${findings.join(", ")}: make each a file of tests/fuzz/corpus and a named test`);
}

await main(command, import.meta.url);
