// Jest with its default settings: CommonJS, nothing configured. For jsdom it needs the environment that has the platform's own globals.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const JEST = ["node", "node_modules/jest/bin/jest.js"];

export const hosts = {
  "Jest, CommonJS": (host) => tested(host, "node"),
  "Jest, jsdom by jest-fixed-jsdom": (host) => tested(host, "jsdom"),
  async "Jest, its plain jsdom"({ run }) {
    const { code, stderr } = await run([...JEST, "plain"], {}, { check: false });
    return { other: code === 0 ? "ok" : stderr };
  },
};

async function tested({ folder, askProgram }, name) {
  // Jest loads CommonJS.
  const three = await readFile(join(folder, "three.js"), "utf8");
  await writeFile(join(folder, "three.cjs"), `${three.replace(/^export /gm, "")}\nmodule.exports = { three };\n`);
  return askProgram([...JEST, name]);
}
