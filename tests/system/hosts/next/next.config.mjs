export default {
  output: "standalone",
  // Both ways are tested: bundled by Next, and left to Node.
  serverExternalPackages: process.env.EXTERNAL ? ["hfetch"] : [],
  // OpenNext, which builds for Workers, accepts no routes of the edge runtime.
  pageExtensions: process.env.WORKERS ? ["js"] : ["js", "edge.js"],
};
