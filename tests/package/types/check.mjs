// Compiles the programs of this folder against an installed package, and compares the names that its code exports with those that its types declare.
//
//   node tests/package/types/check.mjs --package <folder of the package, or a folder it is installed in>

import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { npmInstall, root, run } from "../../../scripts/run.mjs";
import { allSnippets } from "../../system/readme/setting/snippets.mjs";
import { typedPrograms } from "./documents.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const modules = join(here, "node_modules");
const libraries = join(root, "tests/system/libraries");

const strict = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  target: "es2022",
  types: [],
};
const nodenext = { module: "nodenext", moduleResolution: "nodenext" };
const bundler = { module: "esnext", moduleResolution: "bundler" };
const compilers = { typescript: [nodenext, bundler], "typescript-5": [nodenext], "typescript-5.0": [nodenext] };

// `from`: the first TypeScript version that knows the syntax of the program, or of the platform's types.
const programs = [
  { files: ["consumer.ts", "body.ts"], lib: ["es2022"] },
  { files: ["consumer.ts", "body.ts", "platform.ts"], lib: ["es2022", "dom"] },
  { files: ["disposal.ts"], lib: ["es2022"], from: 5.2 },
  { files: ["disposal.ts", "body.ts"], lib: ["es2022", "esnext.disposable", "dom"], from: 5.2 },
  { files: ["platform.ts", "disposal.ts"], lib: ["es2022"], types: ["node"], from: 5.2 },
  { files: ["platform.ts"], lib: ["es2022"], types: ["@cloudflare/workers-types"], from: 5.2 },
  // The validators' own declarations need newer libs and newer compilers than ours.
  { files: ["schema.ts"], lib: ["esnext", "dom"], skipLibCheck: true, from: 5.9 },
  // The openai package's own declarations don't compile without skipLibCheck; the other programs check ours.
  { files: ["openai.ts"], lib: ["es2022", "dom", "dom.iterable"], skipLibCheck: true },
];

/** The documents' snippets as programs: code that a reader copies must also satisfy the compiler. (In JavaScript the parameters have no types.) */
async function documentPrograms() {
  const all = (await allSnippets()).filter(({ language }) => language === "js");
  // Snippets that import the AI SDK are compiled in tests/system/libraries/ai-sdk.places.test.mjs, and those that import other libraries are run there.
  const snippets = all.filter(({ code }) => !/from "(?:ai|vite|@vitejs\/plugin-react|@langchain\/openai|@huggingface\/inference|@tanstack\/ai)"/.test(code));
  return snippets.map(({ document, line, code }) => ({ file: `${document.replace(/\W/g, "-")}-line-${line}.ts`, code }));
}

/** A folder outside of the repository with the package, the openai package and the programs, like a user's project. */
async function userProject(packageFolder, snippets) {
  const folder = await mkdtemp(join(tmpdir(), "hfetch-types-"));
  await mkdir(join(folder, "node_modules"));
  await cp(packageFolder, join(folder, "node_modules", "hfetch"), { recursive: true, dereference: true });
  for (const name of ["openai", "@types", "@cloudflare", "csstype"]) await symlink(join(modules, name), join(folder, "node_modules", name), "junction");
  for (const name of ["zod", "valibot", "@valibot", "arktype", "arkregex", "@ark", "@standard-schema"]) await symlink(join(libraries, "node_modules", name), join(folder, "node_modules", name), "junction");
  for (const file of new Set(programs.flatMap(({ files }) => files))) await cp(join(here, file), join(folder, file));
  for (const { file, code } of snippets) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), code);
  }
  await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
  return folder;
}

async function compile(folder, compiler, files, options) {
  const config = join(folder, "tsconfig.json");
  await writeFile(config, JSON.stringify({ compilerOptions: { ...strict, ...options }, files }));
  const { code, stdout, stderr } = await run(process.execPath, [join(modules, compiler, "bin", "tsc"), "-p", config], { check: false });
  return code === 0 ? null : (stdout || stderr).trim();
}

/** The names in the declarations of `hfetch` or `hfetch/slim` that are values and not only types. */
function declaredNames(folder, specifier) {
  const ts = createRequire(import.meta.url)("typescript-5");
  const entry = join(folder, "names.ts");
  const host = ts.createCompilerHost({});
  const read = host.getSourceFile.bind(host);
  const text = `import * as names from ${JSON.stringify(specifier)};\nexport { names };\n`;
  host.getSourceFile = (name, ...rest) => (name === entry ? ts.createSourceFile(name, text, ...rest) : read(name, ...rest));
  const options = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [] };
  const program = ts.createProgram([entry], options, host);
  const checker = program.getTypeChecker();
  const imported = program.getSourceFile(entry).statements[0].importClause.namedBindings.name;
  return checker.getTypeAtLocation(imported).getProperties().map((symbol) => symbol.name).sort();
}

async function exportedNames(folder, specifier) {
  const entry = createRequire(join(folder, "names.mjs")).resolve(specifier);
  return Object.keys(await import(pathToFileURL(entry).href)).sort();
}

async function main() {
  const { values } = parseArgs({ options: { package: { type: "string" } } });
  if (!values.package) throw new Error("say which package: --package <folder>");
  const given = resolve(values.package);
  const installed = join(given, "node_modules", "hfetch");
  await npmInstall(here);
  const snippets = await documentPrograms();
  const { groups, programs: typed, wrong } = await typedPrograms();
  const folder = await userProject(existsSync(installed) ? installed : given, [...snippets, ...typed]);
  let passed = 0;
  const failures = [];
  const record = (name, problem) => {
    if (problem) failures.push(`${name}\n${problem}`);
    else passed += 1;
  };
  try {
    for (const [compiler, resolutions] of Object.entries(compilers)) {
      const { version } = JSON.parse(await readFile(join(modules, compiler, "package.json"), "utf8"));
      for (const { files, from = 5, ...options } of programs) {
        if (Number.parseFloat(version) < from) continue;
        const platform = [...options.lib, ...(options.types ?? [])].join("+");
        for (const resolution of resolutions) {
          const name = `TypeScript ${version}, ${resolution.moduleResolution}, lib ${platform}: ${files.join(", ")}`;
          record(name, await compile(folder, compiler, files, { ...options, ...resolution }));
        }
      }
    }
    const javascript = { noImplicitAny: false, useUnknownInCatchVariables: false, noUncheckedIndexedAccess: false, exactOptionalPropertyTypes: false, lib: ["es2022", "dom"], types: ["node"], ...nodenext };
    // These errors say nothing about the types of the caller's own values (`env`, `metadata`).
    const withoutUnknown = (problem) => problem?.split("\n").filter((line) => !line.includes("error TS18046:")).join("\n");
    record("the documents' snippets", withoutUnknown(await compile(folder, "typescript", snippets.map(({ file }) => file), javascript)));
    for (const { files, ...options } of groups) {
      const asTemplates = { jsx: "react-jsx", ...bundler };
      for (const compiler of ["typescript", "typescript-5"]) record(`docs/typescript.md, ${compiler}: ${files.join(", ")}`, await compile(folder, compiler, files, { ...asTemplates, ...options }));
    }
    record("docs/typescript.md shows the other documents' programs", wrong.join("\n"));
    for (const specifier of ["hfetch", "hfetch/slim", "hfetch/web", "hfetch/gateway", "hfetch/ai-sdk"]) {
      const [declared, exported] = [declaredNames(folder, specifier), await exportedNames(folder, specifier)];
      const undeclared = exported.filter((name) => !declared.includes(name));
      const missing = declared.filter((name) => !exported.includes(name));
      const problem = [undeclared.length && `not declared: ${undeclared.join(", ")}`, missing.length && `not exported: ${missing.join(", ")}`];
      record(`the names of ${specifier}`, problem.filter(Boolean).join("\n"));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  for (const failure of failures) console.error(`not ok: ${failure}\n`);
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length ? 1 : 0;
}

await main();
