// Node needs no setting. Cloudflare needs this line.
const worker = { preset: "cloudflare_module", experimental: { wasm: true } };

export default defineNuxtConfig({
  compatibilityDate: "2026-04-01",
  nitro: process.env.WORKER ? worker : {},
});
