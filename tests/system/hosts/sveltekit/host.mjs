// SvelteKit with its adapter for Cloudflare.
export const hosts = {
  async "SvelteKit on Cloudflare"({ run, serving, ask }) {
    await run(["node", "node_modules/vite/bin/vite.js", "build"]);
    return serving(["wrangler", "dev"], {}, (url) => ask(`${url}/chat`));
  },
};
