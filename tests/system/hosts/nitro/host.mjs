// Nitro 3 without a framework.
const BUILD = ["node", "node_modules/nitro/dist/cli/index.mjs", "build"];

export const hosts = {
  async "Nitro 3, node"({ run, servingCopy, ask }) {
    await run(BUILD);
    return servingCopy(".output", ["node", "server/index.mjs"], { portIn: "PORT" }, (url) => ask(`${url}/chat`));
  },
  async "Nitro 3, cloudflare_module"({ run, serving, ask }) {
    await run(BUILD, { WORKER: "1" });
    return serving(["wrangler", "dev"], {}, (url) => ask(`${url}/chat`));
  },
};
