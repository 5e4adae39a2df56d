// Limits how deep the JSON of a server or a caller may be nested. The core has the same limit: later steps that write, compare or copy the value use the stack.

const DEEPEST = 512; // nested lists and objects
const QUOTE = 34;
const BACKSLASH = 92;

export function parseJson(text, revive) {
  if (isDeep(text)) throw new SyntaxError("nested too deeply");
  return JSON.parse(text, revive);
}

function isDeep(text) {
  // A text this short can't be nested too deep, since each bracket needs its counterpart.
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

// The index at which a string ends.
function closing(text, from) {
  for (let at = from; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
}
