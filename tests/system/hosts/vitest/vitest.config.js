import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const env = { BASE: process.env.BASE };
const test = { include: ["hfetch.test.js"], disableConsoleIntercept: true, env };

export default defineConfig({
  test: {
    projects: [
      { test: { ...test, name: "node" } },
      { test: { ...test, name: "jsdom", environment: "jsdom" } },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.jsonc" } })],
        test: { ...test, name: "workers" },
      },
    ],
  },
});
