// A Worker built with Cloudflare's plugin for Vite, and the same with wrangler alone.
const VITE = "node_modules/vite/bin/vite.js";

export const hosts = {
  "@cloudflare/vite-plugin, dev": ({ serving, ask }) => serving(["node", VITE, "dev", "--host", "127.0.0.1"], {}, (url) => ask(`${url}/chat`)),
  async "@cloudflare/vite-plugin, build"({ run, serving, ask }) {
    await run(["node", VITE, "build"]);
    return serving(["node", VITE, "preview", "--host", "127.0.0.1"], {}, (url) => ask(`${url}/chat`));
  },
  "wrangler": ({ serving, ask }) => serving(["wrangler", "dev"], {}, (url) => ask(`${url}/chat`)),
};
