// Astro with its adapter for Cloudflare.
export const hosts = {
  async "Astro on Cloudflare"({ run, serving, ask }) {
    await run(["node", "node_modules/astro/bin/astro.mjs", "build"]);
    return serving(["wrangler", "dev", "--config", "dist/server/wrangler.json"], {}, (url) => ask(`${url}/chat`));
  },
};
