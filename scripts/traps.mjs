// npm run test:traps: builds a package that traps on purpose and gets little memory, and tests what a trap leaves behind.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { buildPackage } from "./build.mjs";
import { main, root, run, Stop } from "./run.mjs";

const MOST_MEMORY = 16 * 1024 * 1024;

/** Builds such a package and returns its folder. No published package has this feature. */
export async function buildTraps() {
  const { out } = await buildPackage({ out: join(root, "target/traps"), features: ["traps"], link: [`--max-memory=${MOST_MEMORY}`] });
  return out;
}

/** The test files, by their full paths. */
export async function trapTests() {
  const folder = join(root, "tests/package/traps");
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith(".test.mjs")).map((name) => join(folder, name));
}

async function command() {
  const env = { ...process.env, HFETCH_PACKAGE: await buildTraps() };
  const { code } = await run(process.execPath, ["--test", "--test-reporter=spec", ...(await trapTests())], { env, echo: true, check: false });
  if (code !== 0) throw new Stop("a trap left something behind");
}

await main(command, import.meta.url);
