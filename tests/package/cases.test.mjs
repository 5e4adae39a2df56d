// Runs the programs in the folder that HFETCH_CASES names; each shows what a server said and what must happen. A program gets the package's folder as
// HFETCH_PKG, prints PASS or FAIL per line, and exits with 1 after a FAIL.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";

const folder = process.env.HFETCH_CASES;
const programs = folder ? readdirSync(folder).filter((name) => /^(?!lib|check).*\.mjs$/.test(name)) : [];
if (folder) console.log(`running ${programs.length} cases from ${folder}`);

const here = createRequire(join(process.cwd(), "package.json"));
const pkg = process.env.HFETCH_PACKAGE ?? dirname(dirname(here.resolve("hfetch")));

for (const name of programs) {
  test(`case: ${name}`, { timeout: 120_000 }, async () => {
    const child = spawn(process.execPath, [join(folder, name)], { env: { ...process.env, HFETCH_PKG: pkg } });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said += data));
    const [code] = await once(child, "close");
    assert.match(said, /^PASS/m, said);
    assert.doesNotMatch(said, /^FAIL/m, said);
    assert.equal(code, 0, said);
  });
}
