import { defineNitroConfig } from "nitro/config";

// On Node nothing is to be said. For Cloudflare it is this one line.
const worker = { preset: "cloudflare_module", experimental: { wasm: true } };

export default defineNitroConfig({ serverDir: "./", ...(process.env.WORKER ? worker : { preset: "node_server" }) });
