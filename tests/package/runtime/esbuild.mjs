// Bundles a Worker as a person would do it by hand: with workerd's conditions, and with .wasm files next to the script.
import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

export const conditions = ["workerd", "worker", "browser"];

/** Bundles `entry` into the folder `out`. */
export async function bundleWithEsbuild(entry, out) {
  const wasm = [];
  const keepWasm = ({ onResolve }) =>
    onResolve({ filter: /\.wasm\?module$/ }, ({ path, resolveDir }) => {
      const file = join(resolveDir, path.replace("?module", ""));
      wasm.push(file);
      return { path: `./${basename(file)}`, external: true };
    });
  await build({ entryPoints: [entry], bundle: true, format: "esm", conditions, outfile: join(out, "worker.js"), plugins: [{ name: "keep-wasm", setup: keepWasm }] });
  for (const path of wasm) await writeFile(join(out, basename(path)), await readFile(path));
}
