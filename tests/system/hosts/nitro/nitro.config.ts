import { defineNitroConfig } from "nitro/config";

// Node needs no setting. Cloudflare needs this line.
const worker = { preset: "cloudflare_module", experimental: { wasm: true } };

export default defineNitroConfig({ serverDir: "./", ...(process.env.WORKER ? worker : { preset: "node_server" }) });
