// Bundles a Worker with wrangler, as `wrangler deploy` would upload it, and runs it in workerd. Needs Node 22.
import { Miniflare } from "miniflare";
import { execFile } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const COMPATIBILITY = { compatibilityDate: "2026-04-01", compatibilityFlags: ["enable_request_signal"] };

/** Bundles the Worker `entry` into the folder `out`. Wrangler's own rules must find the package's entry and its module. */
export async function bundleWithWrangler(entry, out) {
  await mkdir(out, { recursive: true });
  const configuration = { name: "worker", main: entry, compatibility_date: COMPATIBILITY.compatibilityDate };
  await writeFile(join(out, "wrangler.json"), JSON.stringify(configuration));
  const wrangler = join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin/wrangler.js");
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true" };
  const args = [wrangler, "deploy", "--dry-run", "--config", join(out, "wrangler.json"), "--outdir", out];
  await promisify(execFile)(process.execPath, args, { cwd: dirname(entry), env });
}

/** Starts the bundle in `out`; `options` are Miniflare's. */
export async function startBundle(out, options = {}) {
  const files = await readdir(out);
  const script = files.find((name) => name.endsWith(".js"));
  const modules = [
    { type: "ESModule", path: join(out, script) },
    ...files.filter((name) => name.endsWith(".wasm")).map((name) => ({ type: "CompiledWasm", path: join(out, name) })),
  ];
  return new Miniflare({ modules, modulesRoot: out, ...COMPATIBILITY, ...options });
}
