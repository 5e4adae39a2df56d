// On Node nothing is to be said. For Workers (and the other presets whose runtimes compile no WebAssembly) it is this one line.
const worker = { preset: "cloudflare_module", experimental: { wasm: true } };

export default defineNuxtConfig({
  compatibilityDate: "2026-04-01",
  nitro: process.env.WORKER ? worker : {},
});
