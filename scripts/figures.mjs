// The counts of the long runs (fuzzing, faults, soak), kept until `npm run results` writes them down.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./run.mjs";

const FOLDER = join(root, "target/figures");

/** The figures of a kind so far, or {}. */
export async function figures(kind) {
  return JSON.parse(await readFile(join(FOLDER, `${kind}.json`), "utf8").catch(() => "{}"));
}

/** Keeps new figures of a kind; they replace earlier ones. */
export async function keepFigures(kind, news) {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, `${kind}.json`), `${JSON.stringify({ ...(await figures(kind)), ...news }, null, 2)}\n`);
}
