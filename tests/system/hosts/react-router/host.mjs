// React Router 7 as a framework.
export const hosts = {
  async "React Router 7"({ run, serving, ask, askPage }) {
    await run(["node", "node_modules/@react-router/dev/bin.js", "build"]);
    return serving(["node", "node_modules/@react-router/serve/bin.js", "build/server/index.js"], { portIn: "PORT" }, async (url) => ({
      "a route": await ask(`${url}/chat`),
      "a rendered page": await askPage(`${url}/`),
    }));
  },
};
