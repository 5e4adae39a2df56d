// The package in a bundle for Node, as CommonJS, with any conditions that its maker may have set.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { installPacked } from "../../../scripts/install.mjs";
import { run } from "../../../scripts/run.mjs";

let folder;
before(async () => (folder = await installPacked(process.env.HFETCH_PACKAGE, await mkdtemp(join(tmpdir(), "hfetch-node-bundle-")))));
after(() => rm(folder, { recursive: true, force: true }));

const WAYS = { import: 'import { estimateTokens } from "hfetch";', require: 'const { estimateTokens } = require("hfetch");' };

for (const conditions of ["", "node-addons,module-sync", "module-sync", "require", "import"]) {
  for (const [way, line] of Object.entries(WAYS)) {
    test(`by ${way}, conditions: ${conditions || "esbuild's own"}`, async () => {
      const outfile = join(folder, "bundled.cjs");
      const stdin = { contents: `${line} console.log(estimateTokens("hello") > 0);`, resolveDir: folder };
      const given = conditions ? { conditions: conditions.split(",") } : {};
      const { warnings } = await build({ stdin, outfile, bundle: true, platform: "node", format: "cjs", logLevel: "silent", ...given });
      const { stdout } = await run(process.execPath, [outfile], { cwd: folder });
      assert.deepEqual([stdout, warnings], ["true\n", []]);
    });
  }
}
