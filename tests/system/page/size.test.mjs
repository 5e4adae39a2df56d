// The size of the whole page over the wire, except for the libraries of the race.
import assert from "node:assert/strict";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildPage } from "../../../scripts/page.mjs";
import { root } from "../../../scripts/run.mjs";

const MOST = 300 * 1024;
let folder;

before(async () => (folder = await buildPage(process.env.HFETCH_PACKAGE ?? join(root, "pkg"), join(root, `target/www-size-${process.pid}`))));
after(() => rm(folder, { recursive: true, force: true }));

test("the page weighs 300 KB at most, compressed, and the race's peers come on demand", async () => {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".br"));
  const ofTheRace = names.filter((name) => /^(contenders-|recording\.sse)/.test(name));
  assert.equal(ofTheRace.length, 2);
  let sum = 0;
  for (const name of names) if (!ofTheRace.includes(name)) sum += (await stat(join(folder, name))).size;
  console.log(`the page weighs ${(sum / 1024).toFixed(1)} KB`);
  assert.ok(sum <= MOST, `${sum} bytes`);
  const page = await readFile(join(folder, "page.js"), "utf8");
  assert.doesNotMatch(page, /dangerouslyAllowBrowser/, "openai is not in the page");
});
