// The documents' programs in TypeScript. docs/typescript.md contains a program as a whole, or as changes to another document's JavaScript.

import { createRequire } from "node:module";
import { allSnippets } from "../../system/readme/setting/snippets.mjs";

const DOCUMENT = "docs/typescript.md";
const ts = createRequire(import.meta.url)("typescript-5");

/** The platform for which each program is compiled. */
const PLATFORMS = [
  { files: ["use-conversation.tsx", "chat.tsx", "main.tsx"], lib: ["es2022", "dom"] },
  { files: ["app/api/chat/completions/route.ts", "server.ts", "extra.ts"], lib: ["es2022", "dom", "dom.iterable"], types: ["node"] },
  { files: ["worker.ts", "rules.ts"], lib: ["es2022"], types: ["@cloudflare/workers-types"] },
];

const typed = (file) => file.replace(/\.m?js$/, ".ts").replace(/\.jsx$/, ".tsx");
const bare = (lines) => lines.replace(/^./gm, "");

/** A program in which the lines with `-` are replaced by the lines with `+` after them. */
function edited(code, diff) {
  return [...diff.matchAll(/((?:^-.*\n)+)((?:^\+.*\n)+)/gm)].reduce((text, [, minus, plus]) => {
    const parts = text.split(bare(minus));
    if (parts.length !== 2) throw new Error(`${DOCUMENT} replaces what stands ${parts.length - 1} times:\n${minus}`);
    return parts.join(bare(plus));
  }, code);
}

/** A program without its types. */
function withoutTypes(code) {
  const { ESNext, Preserve } = { ...ts.ScriptTarget, ...ts.JsxEmit };
  return ts.transpileModule(code, { fileName: "program.tsx", compilerOptions: { target: ESNext, module: ts.ModuleKind.ESNext, jsx: Preserve } }).outputText;
}

/** Returns { groups: [{ files, ...options }], programs: [{ file, code }], wrong: [differences from the JavaScript] }. */
export async function typedPrograms() {
  const all = await allSnippets();
  const originals = all.filter(({ document, file, language }) => file && document !== DOCUMENT && ["js", "mjs", "jsx"].includes(language));
  const wrong = [];
  const programs = all.filter(({ document, language }) => document === DOCUMENT || language === "ts").filter(({ file }) => file).map(({ document, language, file, code }) => {
    // Two documents have a worker.js; the right one is the one that does the same.
    const same = originals.filter((original) => typed(original.file) === file);
    if (language === "diff") return { file, code: edited(same[0].code, code) };
    if (document === DOCUMENT && !same.some((original) => withoutTypes(original.code) === withoutTypes(code))) wrong.push(`${file} of ${DOCUMENT} does not do what its JavaScript does`);
    return { file, code };
  });
  const compiled = PLATFORMS.flatMap(({ files }) => files);
  for (const { file } of programs) if (!compiled.includes(file)) wrong.push(`${file} is not compiled`);
  return { groups: PLATFORMS, programs, wrong };
}
