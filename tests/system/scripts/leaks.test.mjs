// A key that is printed anywhere in a test run is found.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { keysIn, searchOutput } from "../../../scripts/leaks.mjs";
import { Report } from "../../../scripts/report.mjs";
import { root, run } from "../../../scripts/run.mjs";

const PLANTED = ["hf_", "marker_planted_here"].join("");
const program = (source) => run(process.execPath, ["-e", source, PLANTED], { check: false });

test("a planted key is found in a program's output and its errors, also in two pieces, and is not repeated", async () => {
  const sources = {
    "in its output": "console.log('a line'); console.log('the key is ' + process.argv[1])",
    "in its errors": "console.error(process.argv[1])",
    "in two pieces": "process.stdout.write(process.argv[1].slice(0, 5)); setTimeout(() => process.stdout.write(process.argv[1].slice(5)), 50)",
    "of one that fails": "throw new Error(`Bearer ${process.argv[1]}`)",
  };
  for (const [name, source] of Object.entries(sources)) {
    const found = searchOutput();
    await program(source);
    const { passed, failed, failures } = await found();
    assert.ok(passed === 0 && failed > 0, name);
    assert.ok(failures.every(({ error }) => !error.includes(PLANTED)), name);
  }
});

test("what the process itself prints is searched too", async () => {
  // This test's own run is searched as well.
  const { write } = process.stderr;
  process.stderr.write = () => true;
  try {
    const found = searchOutput();
    process.stderr.write(`${PLANTED}\n`);
    assert.equal((await found()).failed, 1);
  } finally {
    process.stderr.write = write;
  }
});

test("clean output passes, and what was printed before or after is not searched", async () => {
  await program("console.log(process.argv[1])");
  const found = searchOutput();
  await program("console.log('hfetch_bg.wasm, WWW-Authenticate: Bearer realm=\"x\", Bearer <key>')");
  const result = await found();
  await program("console.log(process.argv[1])");
  assert.deepEqual([result.failed, result.failures], [0, []]);
  assert.ok(result.passed > 0);
});

test("a run in which a key was printed fails, whatever parts of it were asked for", async () => {
  const [code, print] = [process.exitCode, console.log];
  const found = searchOutput();
  await program("console.log(process.argv[1])");
  const lines = [];
  console.log = (line) => lines.push(line);
  try {
    const report = new Report(["host"]);
    await report.part("no key printed", found, { always: true });
    report.finish();
    assert.equal(process.exitCode, 1);
  } finally {
    console.log = print;
    process.exitCode = code;
  }
  assert.match(lines.join("\n"), /✖ no key printed[\s\S]*hf_…/);
});

test("every key and secret that the tests name is one that is searched for", async () => {
  const files = (await readdir(join(root, "tests"), { recursive: true })).filter((name) => /\.[cm]js$/.test(name) && !/node_modules|bundlers/.test(name));
  const named = [];
  for (const name of files) {
    const source = await readFile(join(root, "tests", name), "utf8");
    for (const [, value] of source.matchAll(/\b(?:KEY|TOKEN|SECRET)\d? = "([^"]+)"/g)) named.push([name, value]);
  }
  assert.ok(named.length >= 8, `${named.length}`);
  assert.deepEqual(named.filter(([, value]) => keysIn(value).length === 0), []);
});
