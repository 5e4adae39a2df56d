// Builds a Worker in one file. hfetch stays an import that wrangler resolves, since Vite includes no WebAssembly module here.
export default {
  ssr: {
    target: "webworker",
    noExternal: true,
    external: ["hfetch"],
    resolve: { conditions: ["workerd"] },
  },
  build: { ssr: "worker.js" },
};
