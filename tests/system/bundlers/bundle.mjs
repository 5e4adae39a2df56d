// How each bundler is called. Its folder contains main.mjs and index.html; the installed package is above it. The result is a folder to serve, or { url, close }
// of a server of its own. Each bundler has the simplest possible settings.
import { execFile } from "node:child_process";
import { cp, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const require = createRequire(import.meta.url);

export const bundlers = {
  async vite(app, out) {
    const { build } = await import("vite");
    await build({ root: app, logLevel: "error", build: { outDir: out, emptyOutDir: true } });
    return out;
  },

  "vite-dev": (app) => viteServer(app),

  async webpack(app, out) {
    const webpack = require("webpack");
    const compiler = webpack({ mode: "production", context: app, entry: "./main.mjs", output: { path: out, filename: "main.mjs" }, performance: { hints: false } });
    const stats = await promisify(compiler.run.bind(compiler))();
    await promisify(compiler.close.bind(compiler))();
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString({ all: false, errors: true, warnings: true }));
    return withPage(app, out);
  },

  async esbuild(app, out) {
    const { build } = await import("esbuild");
    await build({ entryPoints: [join(app, "main.mjs")], bundle: true, minify: true, format: "esm", outdir: out, outExtension: { ".js": ".mjs" } });
    return withPage(app, out);
  },

  async rollup(app, out) {
    const { rollup } = await import("rollup");
    const { nodeResolve } = await import("@rollup/plugin-node-resolve");
    const refuse = (warning) => {
      throw new Error(warning.message);
    };
    const bundle = await rollup({ input: join(app, "main.mjs"), plugins: [nodeResolve()], onwarn: refuse });
    await bundle.write({ dir: out, entryFileNames: "[name].mjs" });
    await bundle.close();
    return withPage(app, out);
  },

  async parcel(app, out) {
    const cli = require.resolve("parcel/lib/bin.js");
    await promisify(execFile)(process.execPath, [cli, "build", join(app, "index.html"), "--dist-dir", out, "--no-cache", "--no-source-maps"], {
      cwd: app,
      env: { ...process.env, PARCEL_WORKERS: "1" },
    });
    return out;
  },
};

/** Vite's dev server for the folder `app`. Returns { url, close }. */
export async function viteServer(app, options) {
  const { createServer } = await import("vite");
  const cacheDir = join(app, "node_modules/.vite");
  const server = await createServer({ root: app, logLevel: "error", cacheDir, server: { port: 0, host: "127.0.0.1" }, ...options });
  await server.listen();
  return { url: server.resolvedUrls.local[0].replace(/\/$/, ""), close: () => server.close() };
}

/** Copies to `out` the files that a program of the folder `app` needs, as found by the tracer that Next, Vercel, Netlify and Nitro use for deployments. */
export async function trace(app, program, out, options) {
  const { nodeFileTrace } = require("next/dist/compiled/@vercel/nft");
  const { fileList } = await nodeFileTrace([join(app, program)], { base: app, ...options });
  for (const file of fileList) await cp(join(app, file), join(out, file), { recursive: true });
}

async function withPage(app, out) {
  await mkdir(out, { recursive: true });
  await cp(join(app, "index.html"), join(out, "index.html"));
  return out;
}

/** Builds the Next app of a folder with the bundler that `flag` selects; returns the function that starts it. */
export async function buildNext(app, flag) {
  const next = join(dirname(require.resolve("next/package.json")), "dist/bin/next");
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
  await promisify(execFile)(process.execPath, [next, "build", app, flag], { cwd: app, env }).catch(({ stdout, stderr }) => {
    throw new Error(`next build ${flag} failed\n${stdout}${stderr}`);
  });
  return { next, env };
}
