// A global object without WebAssembly, as React Native's engine has it, and one without any of what hfetch needs.
export const hosts = {
  async "a global without WebAssembly"({ run }) {
    const { stdout, stderr } = await run(["node", "program.mjs"], {}, { check: false });
    return { other: stdout === "ok\n" ? "ok" : stdout + stderr };
  },
};
