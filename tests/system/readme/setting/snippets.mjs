// The README, the documents, and the fenced blocks in them.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../../../scripts/run.mjs";

// Documents that commands write, or that are meant for those who work on the package: they contain no code for a reader.
const WITHOUT_SNIPPETS = ["dependencies.md", "endurance.md", "results.md"];

/** Returns [{ name, text }]: README.md first, then the documents, such as `docs/streaming.md`. */
export async function documents() {
  const found = (await readdir(join(root, "docs"))).filter((file) => file.endsWith(".md") && !WITHOUT_SNIPPETS.includes(file));
  const names = ["README.md", ...found.sort().map((file) => `docs/${file}`)];
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(root, name), "utf8") })));
}

/** The blocks of all documents: those of {@link snippetsOf}, each with its `document`. */
export async function allSnippets() {
  return (await documents()).flatMap(({ name, text }) => snippetsOf(text).map((snippet) => ({ document: name, ...snippet })));
}

/** Returns [{ language, file, code, heading, line }]; `file` is the word after the language, as in "```json config.json". */
export function snippetsOf(markdown) {
  const snippets = [];
  let heading = "";
  let open = null;
  for (const [index, line] of markdown.split("\n").entries()) {
    const fence = /^```(\w*)[ ]*(\S*)$/.exec(line);
    if (open && fence) {
      snippets.push({ ...open, code: `${open.lines.join("\n")}\n` });
      open = null;
    } else if (open) open.lines.push(line);
    else if (fence) open = { language: fence[1], file: fence[2], heading, line: index + 1, lines: [] };
    else heading = /^#+ (.+)/.exec(line)?.[1] ?? heading;
  }
  return snippets.map(({ lines, ...snippet }) => snippet);
}

/** The anchors of a text's headings, as they appear after the # of a link. */
export function anchorsOf(markdown) {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));
}
