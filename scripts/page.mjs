// The demo page: bundles it from www/ and a built package, and serves it with the headers that it needs.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress } from "node:zlib";
import { recordStream } from "../tests/endpoint/recording.mjs";
import { main, npmInstall, root } from "./run.mjs";
import { serve } from "./serve.mjs";

const SOURCE = join(root, "www");
const TEXT = /\.(css|html|js|json|sse|svg|wasm)$/;

/** Bundles the page with the package in `pkg` into `out`, with a compressed form of each file next to it. Returns `out`. */
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
 * The page's headers: it may load only its own files, and no other script. `direct` is the one other server that it may ask; it does so only with a token that
 * its visitor has typed.
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
 * Serves the built page in `folder`. `config` is what the page reads first: `baseURL` (the server for everything), `apiKey` (null: the server has its own), `model`,
 * `standIn` (no model answers), `local` (a model on this machine answers, at the given `pricing`), `faults` (the path of the stand-in's scripts, or null) and `direct`
 * (the base URL for a visitor's own token). `routes` are the handlers of the given paths.
 */
export function servePage({ folder, config, routes = {}, port = 0, headers = pageHeaders(config.direct) }) {
  const sendConfig = (_, response) => response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" }).end(JSON.stringify(config));
  return serve({ port, folders: { "/": folder }, routes: { "/config.json": sendConfig, ...routes }, headers });
}

await main(async () => console.log(await buildPage()), import.meta.url);
