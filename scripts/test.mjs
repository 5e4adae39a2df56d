// npm test [-- --only part,part] [--keep]: host tests, then the packed package in every runtime.
import { readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildPackage } from "./build.mjs";
import { checkPackage } from "./check-package.mjs";
import { someFaults } from "./faults.mjs";
import { installPacked } from "./install.mjs";
import { searchOutput } from "./leaks.mjs";
import { NotRun, Report } from "./report.mjs";
import { ci, main, npmInstall, root, run, Stop, which } from "./run.mjs";
import { programs, runtimeEnvironment, runtimes } from "./runtimes.mjs";
import { ScenarioTable } from "./scenario-table.mjs";
import { measure } from "./size.mjs";
import { shortSoak } from "./soak.mjs";
import { wasmToolchain } from "./toolchain.mjs";
import { buildTraps, trapTests } from "./traps.mjs";

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

/** rustfmt and clippy, on the host's code and on the rim, which only exists for wasm. */
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

/** Test files for node:test, run where the package is installed. Those given by their full path use the repository's own tools. */
async function nodeTests(install, files, pkg = join(install, "node_modules/hfetch"), node = process.execPath) {
  const env = { ...process.env, HFETCH_PACKAGE: pkg };
  const { code, stdout, stderr } = await run(node, ["--test", "--test-reporter=spec", ...files], { cwd: install, env, check: false });
  const count = (name) => Number(new RegExp(`^ℹ ${name} (\\d+)$`, "m").exec(stdout)?.[1] ?? 0);
  const failed = count("fail") + count("cancelled");
  // What a test file says of the recordings that a run added.
  for (const [note] of stdout.matchAll(/^(?:replaying|running) .*$/gm)) console.log(`  ${note}`);
  const details = stdout.slice(stdout.lastIndexOf("✖ failing tests:"));
  const failures = failed || code !== 0 ? [{ name: files.join(" "), error: `${details}\n${stderr}`.trim() }] : [];
  return { passed: count("pass"), failed: failures.length ? Math.max(failed, 1) : 0, skipped: count("skipped") + count("todo"), failures };
}

/** Other libraries from npm over and under the package: the newest of them want Node 22. */
async function libraryTests(install) {
  await runtimeEnvironment();
  await npmInstall(join(root, "tests/libraries"));
  const files = (await testFiles("libraries")).map((file) => join(root, file));
  return nodeTests(install, files, undefined, programs.node24);
}

async function typeTests(install) {
  const check = join(root, "tests/types/check.mjs");
  await npmInstall(join(root, "tests/types"));
  const { code, stdout, stderr } = await run(process.execPath, [check, "--package", join(install, "node_modules/hfetch")], { check: false });
  const [, passed, failed] = /(\d+) passed, (\d+) failed/.exec(stdout) ?? [];
  if (passed === undefined || (code !== 0 && failed === "0")) throw new Stop(`ended with ${code}\n${stdout}${stderr}`);
  return { passed: Number(passed), failed: Number(failed), failures: code === 0 ? [] : [{ name: "check.mjs", error: stdout + stderr }] };
}

/** The API reference can be made: TypeDoc finds every link's end. */
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

async function packageTests(report, wanted, pkg) {
  const install = await installPacked(pkg);
  const { startEndpoint } = await import("../tests/endpoint/server.mjs");
  const endpoint = await startEndpoint();
  const table = new ScenarioTable();
  try {
    for (const folder of ["endpoint", "package", "package/runtime"]) {
      const files = await testFiles(folder);
      if (files.length) await report.part(folder, () => nodeTests(install, files));
    }
    for (const folder of ["scripts", "readme", "dropin", "gateway", "hostile", "fuzz/js", "start", "www"]) {
      const files = (await testFiles(folder)).map((file) => join(root, file));
      if (files.length) await report.part(folder, () => nodeTests(install, files));
    }
    await report.part("libraries", () => libraryTests(install));
    await report.part("traps", async () => nodeTests(install, await trapTests(), await buildTraps()));
    await report.part("types", () => typeTests(install));
    await report.part("docs", reference);
    for (const name of Object.keys(runtimes)) {
      await report.part(name, async () => table.add(name, await runtimes[name]({ folder: install, endpoint: endpoint.url })));
    }
    await table.write(join(root, "target/scenarios"));
    for (const runtime of ["node", "workerd", "chromium"]) await report.part(`faults-${runtime}`, () => someFaults(runtime, install));
    for (const runtime of ["node", "workerd"]) await report.part(`soak-${runtime}`, () => shortSoak(runtime, install));
  } finally {
    await endpoint.close();
    if (wanted.keep) console.log(`\nkept ${install}`);
    else await rm(install, { recursive: true, force: true });
  }
}

async function command() {
  const { values } = parseArgs({ options: { only: { type: "string" }, keep: { type: "boolean" } } });
  const report = new Report(values.only?.split(","));
  const leaks = searchOutput();
  // The tests run elsewhere: there a relative path would lead nowhere.
  for (const name of ["HFETCH_FIXTURES", "HFETCH_CASES"]) {
    if (process.env[name]) process.env[name] = resolve(process.env[name]);
  }
  await npmInstall();
  await report.part("host", hostTests);
  if (ci) await report.part("lint", lint);
  const built = await buildPackage();
  const { out } = built;
  await report.part("size", () => budgets(built));
  await report.part("tarball", () => checkPackage(out));
  await packageTests(report, values, out);
  await report.part("no key printed", leaks, { always: true });
  report.finish();
}

await main(command, import.meta.url);
