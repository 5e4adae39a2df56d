// Next, built by Turbopack. What is deployed is the standalone folder: a copy of it runs alone, elsewhere.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NEXT = "node_modules/next/dist/bin/next";
const ROUTES = { "Pages Router": "/api/pages", "App Router": "/api/app" };

export const hosts = {
  "Next, bundled": (host) => standalone(host, {}),
  "Next, serverExternalPackages": (host) => standalone(host, { EXTERNAL: "1" }),
  "Next on Workers (OpenNext), serverExternalPackages": openNext,
};

async function standalone(host, env) {
  const { folder, run, serving, ask, askPage } = host;
  await rm(join(folder, ".next"), { recursive: true, force: true });
  await run(["node", NEXT, "build"], env);
  const deployed = await mkdtemp(join(tmpdir(), "hfetch-deployed-"));
  await cp(join(folder, ".next/standalone"), deployed, { recursive: true, verbatimSymlinks: true });
  await rm(join(folder, ".next"), { recursive: true });
  try {
    return await serving(["node", "server.js"], { cwd: deployed, portIn: "PORT", env: { HOSTNAME: "127.0.0.1" } }, async (url) => {
      const rows = { "a rendered page": await askPage(`${url}/rendered`) };
      for (const [name, path] of Object.entries(ROUTES)) rows[name] = await ask(`${url}${path}`);
      return rows;
    });
  } finally {
    await rm(deployed, { recursive: true, force: true });
  }
}

async function openNext({ run, serving, ask }) {
  await run(["node", "node_modules/@opennextjs/cloudflare/dist/cli/index.js", "build"], { EXTERNAL: "1" });
  return serving(["wrangler", "dev"], {}, async (url) => {
    const rows = {};
    for (const [name, path] of Object.entries(ROUTES)) rows[name] = await ask(`${url}${path}`);
    return rows;
  });
}
