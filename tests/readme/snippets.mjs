// The fenced blocks of a Markdown text.

/** Gives [{ language, file, code, heading, line }]; `file` is the word behind the language, as in "```json config.json". */
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
