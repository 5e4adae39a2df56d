import { threeOfChat } from "./page.mjs";

// Next, built with Turbopack. The standalone folder is what is deployed: a copy of it runs alone, elsewhere.
const NEXT = "node_modules/next/dist/bin/next";
const CHATS = { Node: "/api/chat", "edge runtime": "/api/edge" };
const WAYS = ["alone", "provider"];
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
    for (const [name, path] of Object.entries(CHATS)) await chats(rows, askBy, name, `${url}${path}`);
    return rows;
  });
}

async function chats(rows, askBy, name, route) {
  for (const way of WAYS) rows[`useChat, hfetch/ai-sdk ${way}, ${name}`] = await askBy((base) => threeOfChat(route, base, way));
}

async function openNext({ run, serving, ask, askBy }) {
  await run(["node", "node_modules/@opennextjs/cloudflare/dist/cli/index.js", "build"], { EXTERNAL: "1", WORKERS: "1" });
  return serving(["wrangler", "dev"], {}, async (url) => {
    const rows = {};
    await chats(rows, askBy, "Workers", `${url}/api/chat`);
    for (const [name, path] of Object.entries(ROUTES)) rows[name] = await ask(`${url}${path}`);
    return rows;
  });
}
