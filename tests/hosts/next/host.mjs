import { threeOfChat } from "./page.mjs";

// Next, built by Turbopack. What is deployed is the standalone folder: a copy of it runs alone, elsewhere.
const NEXT = "node_modules/next/dist/bin/next";
const CHATS = { "hfetch/ai-sdk": "/api/chat", "hfetch/ai-sdk, edge runtime": "/api/edge" };
const ROUTES = { "Pages Router": "/api/pages", "App Router": "/api/app" };

export const hosts = {
  "Next, bundled": (host) => standalone(host, {}),
  "Next, serverExternalPackages": (host) => standalone(host, { EXTERNAL: "1" }),
  "Next on Workers (OpenNext), serverExternalPackages": openNext,
};

async function standalone({ run, servingCopy, ask, askBy, askPage }, env) {
  await run(["node", NEXT, "build"], env);
  return servingCopy(".next/standalone", ["node", "server.js"], { portIn: "PORT", env: { HOSTNAME: "127.0.0.1" } }, async (url) => {
    const rows = { "a rendered page": await askPage(`${url}/rendered`), "require()": await askPage(`${url}/api/required`) };
    for (const [name, path] of Object.entries(ROUTES)) rows[name] = await ask(`${url}${path}`);
    for (const [name, path] of Object.entries(CHATS)) rows[name] = await askBy((base) => threeOfChat(`${url}${path}`, base));
    return rows;
  });
}

async function openNext({ run, serving, ask, askBy }) {
  await run(["node", "node_modules/@opennextjs/cloudflare/dist/cli/index.js", "build"], { EXTERNAL: "1", WORKERS: "1" });
  return serving(["wrangler", "dev"], {}, async (url) => {
    const rows = { "hfetch/ai-sdk": await askBy((base) => threeOfChat(`${url}/api/chat`, base)) };
    for (const [name, path] of Object.entries(ROUTES)) rows[name] = await ask(`${url}${path}`);
    return rows;
  });
}
