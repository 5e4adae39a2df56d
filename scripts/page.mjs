// The demo page: bundled from www/ and a built package, and served with the headers it relies on.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress } from "node:zlib";
import { recordStream } from "../tests/endpoint/recording.mjs";
import { main, npmInstall, root } from "./run.mjs";
import { serve } from "./serve.mjs";

const SOURCE = join(root, "www");
const TEXT = /\.(css|html|js|json|sse|svg|wasm)$/;

/** Bundles the page with the package in `pkg` into `out`, each file with its compressed form beside it. Gives `out`. */
export async function buildPage(pkg = join(root, "pkg"), out = join(root, "target/www")) {
  await npmInstall(SOURCE);
  await rm(out, { recursive: true, force: true });
  const { build } = await import("esbuild");
  await build({
    absWorkingDir: SOURCE,
    entryPoints: ["page.js", "style.css", "index.html", "icon.svg", { in: join(pkg, "dist/hfetch_bg.wasm"), out: "hfetch" }],
    alias: { hfetch: join(pkg, "dist/slim.js") },
    loader: { ".html": "copy", ".svg": "copy", ".wasm": "copy" },
    outdir: out,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: ["es2022", "safari17.5"],
    charset: "utf8",
    chunkNames: "[name]-[hash]",
    legalComments: "eof",
    logLevel: "error",
  });
  await writeFile(join(out, "recording.sse"), recordStream());
  await compress(out);
  return out;
}

async function compress(folder) {
  const names = (await readdir(folder)).filter((name) => TEXT.test(name));
  await Promise.all(names.map(async (name) => writeFile(join(folder, `${name}.br`), await promisify(brotliCompress)(await readFile(join(folder, name))))));
}

/**
 * What the page is sent with: nothing but itself, and no script but its files. `direct` is the one other server it may ask,
 * and only asks with a token that its visitor typed.
 */
export function pageHeaders(direct) {
  const policy = {
    "default-src": "'self'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "connect-src": `'self' ${new URL(direct).origin}`,
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
  };
  return {
    "cache-control": "no-cache",
    "content-security-policy": Object.entries(policy).map((entry) => entry.join(" ")).join("; "),
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
}

/**
 * Serves the built page in `folder`. `config` is what the page reads first: `baseURL` (asked for everything), `apiKey` (null: the
 * server has its own), `model`, `standIn` (no model answers), `local` (one on this
 * machine does, at the `pricing` given), `faults` (the path of the stand-in's scripts, or null) and `direct`
 * (the base URL for a visitor's own token). `routes` are the handlers of the paths named there.
 */
export function servePage({ folder, config, routes = {}, port = 0, headers = pageHeaders(config.direct) }) {
  const sendConfig = (_, response) => response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" }).end(JSON.stringify(config));
  return serve({ port, folders: { "/": folder }, routes: { "/config.json": sendConfig, ...routes }, headers });
}

await main(async () => console.log(await buildPage()), import.meta.url);
