// The types under the compilers and module resolutions that programs still use, without `skipLibCheck`.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

const COMPILERS = { "5.0": "typescript-5.0", "5.4": "typescript-5.4", "7.0": "typescript" };
const NODE10 = { module: "esnext", moduleResolution: "node10" };
const NODE16 = { module: "node16", moduleResolution: "node16" };
const NODENEXT = { module: "nodenext", moduleResolution: "nodenext" };
const BUNDLER = { module: "esnext", moduleResolution: "bundler" };
// TypeScript 7 has no node10.
const RESOLUTIONS = { "5.0": [NODE10, NODE16, NODENEXT, BUNDLER], "5.4": [NODE10, NODE16, NODENEXT, BUNDLER], "7.0": [NODE16, NODENEXT, BUNDLER] };
// TypeScript 7 needs a newer @types/node than the older compilers accept; tests/package/types covers that.
const PLATFORMS = { "lib es2022": { lib: ["es2022"], types: [] }, "lib dom": { lib: ["es2022", "dom"], types: [] }, "@types/node": { lib: ["es2022"], types: ["node"] } };

export const hosts = Object.fromEntries(
  Object.entries(COMPILERS).flatMap(([version, compiler]) =>
    RESOLUTIONS[version].map((resolution) => [`TypeScript ${version}, ${resolution.moduleResolution}`, (host) => compiled(host, compiler, resolution)]),
  ),
);

async function compiled({ folder, run }, compiler, resolution) {
  const problems = [];
  for (const [name, platform] of Object.entries(PLATFORMS)) {
    if (compiler === "typescript" && name === "@types/node") continue;
    const compilerOptions = { target: "es2022", strict: true, skipLibCheck: false, esModuleInterop: true, noEmit: true, ...resolution, ...platform };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: resolution === BUNDLER || resolution === NODE10 ? ["consumer.ts"] : ["consumer.ts", "commonjs.cts"] }));
    const { code, stdout } = await run(["node", `node_modules/${compiler}/bin/tsc`], {}, { check: false });
    if (code !== 0) problems.push(`${name}: ${stdout}`);
  }
  return { other: problems.join("\n") || "ok" };
}
