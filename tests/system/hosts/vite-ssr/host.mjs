// Vite's builds for servers with workerd's conditions, in its two newest versions.
const built = (vite) => async ({ run, serving, ask }) => {
  await run(["node", `node_modules/${vite}/bin/vite.js`, "build"]);
  return serving(["wrangler", "dev"], {}, (url) => ask(`${url}/chat`));
};
const developed = (vite) => ({ askProgram }) => askProgram(["node", "dev.mjs", vite]);

export const hosts = {
  "Vite 8 SSR for workerd, build": built("vite"),
  "Vite 8 SSR for workerd, dev": developed("vite"),
  "Vite 7 SSR for workerd, build": built("vite-7"),
  "Vite 7 SSR for workerd, dev": developed("vite-7"),
};
