// A global object without WebAssembly, like that of React Native's engine, and one without anything that hfetch needs.
export const hosts = {
  async "a global without WebAssembly"({ run }) {
    const { stdout, stderr } = await run(["node", "program.mjs"], {}, { check: false });
    return { other: stdout === "ok\n" ? "ok" : stdout + stderr };
  },
};
