// Runs every input of the corpus through its property: a fault that the fuzzer has found once would be found again.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../../../scripts/run.mjs";
import { targets } from "./targets.mjs";

for (const [name, { property, subject }] of Object.entries(targets(process.env.HFETCH_PACKAGE ?? join(root, "pkg")))) {
  test(`every input of the corpus of ${name} holds`, async () => {
    const { hold } = await import(pathToFileURL(property).href);
    const code = await import(pathToFileURL(subject).href);
    const folder = join(root, "tests/fuzz/corpus", name);
    const inputs = await readdir(folder);
    assert.ok(inputs.length > 0);
    for (const input of inputs) await assert.doesNotReject(async () => hold(await readFile(join(folder, input)), code), input);
  });
}
