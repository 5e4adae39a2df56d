// npm test [-- --only part,part] [--all] [--keep]: tests the core on the host, and the packed package in every runtime with a different engine.
// --all, before a release, tests every way of loading it, in every browser, with the whole list of scenarios.
import { readdir, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { browsers } from "./browser.mjs";
import { buildPackage } from "./build.mjs";
import { checkPackage } from "./check-package.mjs";
import { someFaults } from "./faults.mjs";
import { installPacked } from "./install.mjs";
import { searchOutput } from "./leaks.mjs";
import { NotRun, Report } from "./report.mjs";
import { ci, main, npmInstall, root, run, Stop, which } from "./run.mjs";
import { placesToRun, programs, runtimeEnvironment, runtimes } from "./runtimes.mjs";
import { ScenarioTable } from "./scenario-table.mjs";
import { sideBySide } from "./side-by-side.mjs";
import { measure } from "./size.mjs";
import { shortSoak } from "./soak.mjs";
import { wasmToolchain } from "./toolchain.mjs";
import { buildTraps, trapTests } from "./traps.mjs";

const AT_ONCE = 2; // parts: one mostly waits while another computes
/** Folders with tools of their own that several parts use. */
const SHARED = ["tests/package/runtime", "tests/package/types", "tests/system/gateway", "tests/system/libraries", "www"];

/** `cargo test`: the core, on the host. */
async function hostTests() {
  const cargo = which("cargo");
  if (!cargo) throw new NotRun("cargo is not on PATH");
  const { code, stdout, stderr } = await run(cargo, ["test", "--locked", "--no-fail-fast"], { check: false });
  const counts = [...stdout.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)];
  const failures = [...stdout.matchAll(/^---- (.+?) stdout ----\n([\s\S]*?)(?=\n---- |\n\nfailures:\n)/gm)].map(([, name, error]) => ({ name, error }));
  if (code !== 0 && !failures.length) throw new Stop(`cargo test ended with ${code}\n${stderr.trim().slice(-6000)}`);
  return { passed: sum(counts, 1), failed: sum(counts, 2), failures };
}

/** rustfmt and clippy, on the host's code and on the bindings, which exist only for wasm. */
async function lint() {
  const cargo = which("cargo");
  for (const tool of ["fmt", "clippy"]) {
    const there = await run(cargo, [tool, "--version"], { check: false });
    if (there.code !== 0) throw new NotRun(`cargo ${tool} is not installed`, { optional: true });
  }
  await run(cargo, ["fmt", "--check"]);
  await run(cargo, ["clippy", "--all-targets", "--locked", "--", "-D", "warnings"]);
  const { cargo: wasmCargo, plain } = await wasmToolchain();
  await run(wasmCargo, ["clippy", "--lib", "--locked", "--target", "wasm32-unknown-unknown", ...plain.args, "--", "-D", "warnings"], { env: { ...process.env, ...plain.env } });
  return { passed: 3, failed: 0 };
}

/** Runs test files with node:test where the package is installed. Files with a full path use the repository's own tools. */
async function nodeTests(install, files, pkg = join(install, "node_modules/hfetch"), node = process.execPath) {
  const env = { ...process.env, HFETCH_PACKAGE: pkg };
  const { code, stdout, stderr } = await run(node, ["--test", "--test-reporter=spec", ...files], { cwd: install, env, check: false });
  const count = (name) => Number(new RegExp(`^ℹ ${name} (\\d+)$`, "m").exec(stdout)?.[1] ?? 0);
  const failed = count("fail") + count("cancelled");
  // The line in which a test file reports recordings that were added for a run.
  for (const [note] of stdout.matchAll(/^(?:replaying|running) .*$/gm)) console.log(`  ${note}`);
  const details = stdout.slice(stdout.lastIndexOf("✖ failing tests:"));
  const failures = failed || code !== 0 ? [{ name: files.join(" "), error: `${details}\n${stderr}`.trim() }] : [];
  return { passed: count("pass"), failed: failures.length ? Math.max(failed, 1) : 0, skipped: count("skipped") + count("todo"), failures };
}

/** Other libraries from npm with the package: the newest of them need Node 22. */
async function libraryTests(install) {
  await runtimeEnvironment();
  await npmInstall(join(root, "tests/system/libraries"));
  const files = (await testFiles("system/libraries")).map((file) => join(root, file));
  return nodeTests(install, files, undefined, programs.node24);
}

async function typeTests(install) {
  const check = join(root, "tests/package/types/check.mjs");
  await npmInstall(join(root, "tests/package/types"));
  const { code, stdout, stderr } = await run(process.execPath, [check, "--package", join(install, "node_modules/hfetch")], { check: false });
  const [, passed, failed] = /(\d+) passed, (\d+) failed/.exec(stdout) ?? [];
  if (passed === undefined || (code !== 0 && failed === "0")) throw new Stop(`ended with ${code}\n${stdout}${stderr}`);
  return { passed: Number(passed), failed: Number(failed), failures: code === 0 ? [] : [{ name: "check.mjs", error: stdout + stderr }] };
}

/** Whether the API reference can be made: TypeDoc finds the target of every link. */
async function reference() {
  await run(process.execPath, [join(root, "docs/reference.mjs")]);
  return { passed: 1, failed: 0 };
}

async function budgets(built) {
  const { lines, over } = await measure(built);
  console.log(lines.join("\n"));
  return { passed: lines.length - over.length, failed: over.length, failures: over.map((error) => ({ name: "budget", error })) };
}

function sum(matches, group) {
  return matches.reduce((total, match) => total + Number(match[group]), 0);
}

async function testFiles(folder) {
  const names = await readdir(join(root, "tests", folder)).catch(() => []);
  return names.filter((name) => name.endsWith(".test.mjs")).map((name) => join("tests", folder, name));
}

/** Prepares what the tests of the package share: the package is built, measured, packed and installed, together with what they need from npm. */
async function makeReady(report, all) {
  // This comes first: cargo writes both builds to one file, and the package's own build leaves it in the state that the next build wants.
  const traps = report.wants("traps") ? await buildTraps() : null;
  const built = await buildPackage();
  await report.part("size", () => budgets(built));
  await report.part("tarball", () => checkPackage(built.out));
  // This is done now, since two simultaneous installations would disturb each other. If something can't be installed, the part that needs it says so.
  for (const folder of SHARED) await npmInstall(join(root, folder)).catch(() => {});
  for (const name of all ? Object.keys(browsers) : ["Chromium"]) await browsers[name].find().catch(() => {});
  const { startEndpoint } = await import("../tests/endpoint/server.mjs");
  return { traps, install: await installPacked(built.out), endpoint: await startEndpoint() };
}

/** The parts that test the package, the longest first, so that no long one runs alone at the end: [name, work]. */
function packageParts(table, all) {
  const inside = (folder) => [folder, async ({ install }) => nodeTests(install, await testFiles(folder))];
  const outside = (folder, name = basename(folder)) => [name, async ({ install }) => nodeTests(install, (await testFiles(folder)).map((file) => join(root, file)))];
  const places = Object.entries(placesToRun({ all }));
  return [
    outside("system/gateway"),
    inside("package"),
    ["libraries", ({ install }) => libraryTests(install)],
    ...["page", "readme", "start"].map((name) => outside(`system/${name}`)),
    ["traps", async ({ install, traps }) => nodeTests(install, await trapTests(), traps)],
    ["types", ({ install }) => typeTests(install)],
    ...["node", "workerd"].map((runtime) => [`soak-${runtime}`, ({ install }) => shortSoak(runtime, install)]),
    ...places.map(([name, list]) => [name, async ({ install, endpoint }) => table.add(name, await runtimes[name]({ folder: install, endpoint: endpoint.url, list }), list)]),
    ...["node", "workerd", "chromium"].map((runtime) => [`faults-${runtime}`, ({ install }) => someFaults(runtime, install)]),
    ["docs", reference],
    outside("system/scripts"),
    outside("system/dropin"),
    outside("package/hostile"),
    outside("fuzz/js", "fuzz"),
    ...["endpoint", "package/runtime"].map(inside),
  ];
}

/** Runs the core's tests while the package is built, and then everything that tests the package: two parts at any time. */
async function runParts(report, values) {
  const table = new ScenarioTable();
  let making;
  const ready = () => (making ??= makeReady(report, values.all));
  const host = async () => {
    await report.part("host", hostTests);
    if (ci) await report.part("lint", lint);
  };
  const parts = packageParts(table, values.all).filter(([name]) => report.wants(name)).map(([name, work]) => async () => {
    const shared = await ready();
    await report.part(name, () => work(shared));
  });
  const first = parts.length || ["size", "tarball"].some((name) => report.wants(name)) ? [ready] : [];
  try {
    await sideBySide([host, ...first, ...parts], AT_ONCE);
    await table.write(join(root, "target/scenarios"));
  } finally {
    const { install, endpoint } = await Promise.resolve(making).catch(() => ({})) ?? {};
    await endpoint?.close();
    if (install && values.keep) console.log(`\nkept ${install}`);
    else if (install) await rm(install, { recursive: true, force: true });
  }
}

async function command() {
  const { values } = parseArgs({ options: { only: { type: "string" }, keep: { type: "boolean" }, all: { type: "boolean", default: false } } });
  const report = new Report(values.only?.split(","));
  const leaks = searchOutput();
  // The tests run elsewhere, where a relative path would be wrong.
  for (const name of ["HFETCH_FIXTURES", "HFETCH_CASES"]) {
    if (process.env[name]) process.env[name] = resolve(process.env[name]);
  }
  await npmInstall();
  await runParts(report, values);
  await report.part("no key printed", leaks, { always: true });
  report.finish();
}

await main(command, import.meta.url);
