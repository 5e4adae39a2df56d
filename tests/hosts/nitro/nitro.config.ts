import { defineNitroConfig } from "nitro/config";

// On Node nothing is to be said. For Workers (and the other presets whose runtimes compile no WebAssembly) it is this one line.
const worker = { preset: "cloudflare_module", experimental: { wasm: true } };

export default defineNitroConfig({ serverDir: "./", ...(process.env.WORKER ? worker : { preset: "node_server" }) });
