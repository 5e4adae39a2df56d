// The members of a JSON object one by one, including duplicates, which JSON.parse drops.

/** [[name, value], …] of the object in `text`, which must be JSON. */
export function members(text) {
  JSON.parse(text);
  const found = [];
  let at = text.indexOf("{") + 1;
  for (;;) {
    const from = text.indexOf('"', at);
    if (from < 0 || /\}/.test(text.slice(at, from))) return found;
    const colon = text.indexOf(":", endOfString(text, from));
    at = endOfValue(text, colon + 1);
    found.push([JSON.parse(text.slice(from, colon)), JSON.parse(text.slice(colon + 1, at))]);
    at += 1;
  }
}

function endOfString(text, from) {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** The index of the comma or brace that ends the value at `from`. */
function endOfValue(text, from) {
  let depth = 0;
  for (let at = from; ; at++) {
    if (text[at] === '"') at = endOfString(text, at) - 1;
    else if (depth === 0 && (text[at] === "," || text[at] === "}")) return at;
    else if (text[at] === "{" || text[at] === "[") depth += 1;
    else if (text[at] === "}" || text[at] === "]") depth -= 1;
  }
}
