// npm run docs: makes the API reference as a site in target/docs, from the types of every entry. A broken link or an undocumented name fails it.

import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { main, npmInstall, root, run } from "../scripts/run.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

async function command() {
  await npmInstall(here);
  const { exports } = JSON.parse(await readFile(join(root, "pkg-template/package.json"), "utf8"));
  const types = Object.values(exports).flatMap((entry) => (entry.types ? [basename(entry.types.default ?? entry.types)] : []));
  const out = join(root, "target/docs");
  await mkdir(join(root, "target"), { recursive: true });
  // TypeDoc reads modules by their packages' names, so the types are laid out as in an installed package.
  const stage = await mkdtemp(join(root, "target/docs-"));
  try {
    for (const file of types) await cp(join(root, "pkg-template", file), join(stage, file));
    const compilerOptions = { strict: true, lib: ["es2022", "dom"], types: [], target: "es2022", module: "nodenext" };
    await writeFile(join(stage, "package.json"), '{ "type": "module" }\n');
    await writeFile(join(stage, "tsconfig.json"), JSON.stringify({ compilerOptions, files: types }));
    const entries = types.flatMap((file) => ["--entryPoints", join(stage, file)]);
    const options = ["--tsconfig", join(stage, "tsconfig.json"), "--out", out, "--name", "hfetch", "--readme", join(root, "README.md"), "--disableSources", "--validation.notDocumented", "--treatWarningsAsErrors"];
    await run(process.execPath, [join(here, "node_modules/typedoc/bin/typedoc"), ...entries, ...options]);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
  console.log(`the reference is in ${join(out, "index.html")}`);
}

await main(command, import.meta.url);
