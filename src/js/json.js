// JSON of a server's or a caller's, read no deeper than the core reads it: what is written, compared or copied later needs a stack for it.

const DEEPEST = 512; // lists and objects in one another
const QUOTE = 34;
const BACKSLASH = 92;

export function parseJson(text, revive) {
  if (isDeep(text)) throw new SyntaxError("nested too deeply");
  return JSON.parse(text, revive);
}

function isDeep(text) {
  // What has an end for each beginning.
  if (text.length <= 2 * DEEPEST) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = closing(text, at + 1);
    else if (code === 91 || code === 123) {
      if (++depth > DEEPEST) return true;
    } else if (code === 93 || code === 125) depth--;
  }
  return false;
}

// Where a string ends.
function closing(text, from) {
  for (let at = from; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
}
