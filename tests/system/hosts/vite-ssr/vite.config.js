// A server for a Worker in one file. hfetch stays an import, for wrangler to resolve: Vite brings no WebAssembly module along.
export default {
  ssr: {
    target: "webworker",
    noExternal: true,
    external: ["hfetch"],
    resolve: { conditions: ["workerd"] },
  },
  build: { ssr: "worker.js" },
};
