// On Node nothing is to be said. For Cloudflare it is this one line.
const worker = { preset: "cloudflare_module", experimental: { wasm: true } };

export default defineNuxtConfig({
  compatibilityDate: "2026-04-01",
  nitro: process.env.WORKER ? worker : {},
});
