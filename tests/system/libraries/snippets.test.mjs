// The documents' snippets for other libraries, each exactly as a reader copies it, with the real package from npm.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { root, run } from "../../../scripts/run.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";
import { allSnippets } from "../readme/setting/snippets.mjs";

const READER = fileURLToPath(new URL("../readme/setting/reader.mjs", import.meta.url));
const MODULES = fileURLToPath(new URL("node_modules", import.meta.url));
const snippets = (await allSnippets()).filter(({ language, heading }) => language === "js" && heading === "Keep your library");

let endpoint, folder;
before(async () => {
  endpoint = await startEndpoint({ pace: 0 });
  folder = await mkdtemp(join(tmpdir(), "hfetch-libraries-"));
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  for (const name of await readdir(MODULES)) if (!name.startsWith(".")) await symlink(join(MODULES, name), join(modules, name));
  await symlink(process.env.HFETCH_PACKAGE ?? join(root, "pkg"), join(modules, "hfetch"));
});
after(async () => {
  await endpoint.close();
  await rm(folder, { recursive: true, force: true });
});

test("there is one for each of the five", () => assert.equal(snippets.length, 5));

for (const { document, line, code } of snippets) {
  test(`${document}:${line}: ${/from "(.+?)"/.exec(code)[1]}`, async () => {
    const before = await endpoint.stats("default");
    const file = join(folder, `${document.replace(/\W/g, "-")}-line-${line}.mjs`);
    await writeFile(file, code);
    const env = { ...process.env, HF_TOKEN: "hf_reader", NO_COLOR: "1" };
    const { stdout } = await run(process.execPath, [READER, file, endpoint.url], { cwd: dirname(file), env, timeout: 60_000 });
    assert.match(stdout, /You said: Hi/);
    const { headers, requests } = await endpoint.stats("default");
    const sent = headers.slice(-(requests - before.requests)).map(({ authorization }) => authorization).filter(Boolean);
    assert.ok(sent.length > 0 && sent.every((key) => key === "Bearer hf_reader"), String(sent));
  });
}
