export default {
  output: "standalone",
  // Both ways are tested: bundled by Next, and left to Node.
  serverExternalPackages: process.env.EXTERNAL ? ["hfetch"] : [],
};
