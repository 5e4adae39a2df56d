// Patterns in which "*" stands for any characters within a name: it matches neither a slash nor the colon before a provider. With any pattern and text, each
// character is examined only a few times. A backtracking search could be made to run for ever with a name of 200 hyphens.

const WITHIN = /[/:\s]/;

/** A function that says whether a text matches the pattern. */
export function wildcard(pattern) {
  // Names and the separators between them.
  const pieces = pattern.split(/([/:\s])/);
  const names = pieces.filter((_, at) => at % 2 === 0).map(nameOf);
  const between = pieces.filter((_, at) => at % 2 === 1).map((piece) => piece.charCodeAt(0));
  return (text) => {
    let from = 0;
    for (const [at, name] of names.entries()) {
      const to = endOfName(text, from);
      if (!fits(name, text, from, to)) return false;
      if (at === between.length) return to === text.length;
      if (to === text.length || text.charCodeAt(to) !== between[at]) return false;
      from = to + 1;
    }
    return false;
  };
}

function nameOf(pattern) {
  const [first, ...rest] = pattern.split("*");
  return { first, last: rest.pop(), middle: rest.filter((part) => part !== "").map((part) => ({ part, table: borders(part) })) };
}

function endOfName(text, from) {
  let at = from;
  while (at < text.length && !WITHIN.test(String.fromCharCode(text.charCodeAt(at)))) at++;
  return at;
}

// Whether the text begins with the first part, ends with the last, and has the others in between, each at the first place after the one before.
function fits({ first, middle, last }, text, from, to) {
  if (last === undefined) return to - from === first.length && stands(first, text, from);
  let at = from + first.length;
  const end = to - last.length;
  if (at > end || !stands(first, text, from) || !stands(last, text, end)) return false;
  for (const wanted of middle) {
    at = endOf(wanted, text, at, end);
    if (at < 0) return false;
  }
  return true;
}

function stands(part, text, from) {
  let at = 0;
  while (at < part.length && text.charCodeAt(from + at) === part.charCodeAt(at)) at++;
  return at === part.length;
}

// The index at which the first occurrence of a part ends, or -1 (Knuth–Morris–Pratt: no character of the text is read twice).
function endOf({ part, table }, text, from, to) {
  for (let at = from, same = 0; at < to; ) {
    if (text.charCodeAt(at) === part.charCodeAt(same)) {
      at++;
      same++;
      if (same === part.length) return at;
    } else if (same > 0) same = table[same - 1];
    else at++;
  }
  return -1;
}

// For each beginning of a part: the length of its longest end that is also a beginning.
function borders(part) {
  const table = [0];
  for (let at = 1, same = 0; at < part.length; ) {
    if (part[at] === part[same]) table[at++] = ++same;
    else if (same > 0) same = table[same - 1];
    else table[at++] = 0;
  }
  return table;
}
