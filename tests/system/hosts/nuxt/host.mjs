// Nuxt 4 on Nitro 2.
export const hosts = {
  async "Nuxt (Nitro 2), node"({ run, servingCopy, ask }) {
    await run(["node", "node_modules/nuxt/bin/nuxt.mjs", "build"]);
    return servingCopy(".output", ["node", "server/index.mjs"], { portIn: "PORT" }, (url) => ask(`${url}/api/chat`));
  },
  async "Nuxt (Nitro 2), cloudflare_module"({ run, serving, ask }) {
    await run(["node", "node_modules/nuxt/bin/nuxt.mjs", "build"], { WORKER: "1" });
    return serving(["wrangler", "dev"], {}, (url) => ask(`${url}/api/chat`));
  },
};
