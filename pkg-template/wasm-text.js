// A module's bytes as text, for an entry that is one file: base64 would hide from compression where bytes begin and end
// (+30 % on the wire; this is +3 %). The most frequent values are one character each, all others two.

// No quote, backslash, backtick, dollar or "<": the text stands in any string of any script as it is.
const CHARACTERS = " !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{}";
const PREFIXES = ["", "|", "~"];
const VALUES = 256;

/** Gives [frequent, text]: the values of one character in hexadecimal digits, and the bytes as text. */
export function encode(bytes) {
  const counts = new Array(VALUES).fill(0);
  for (const value of bytes) counts[value]++;
  const ranked = [...counts.keys()].sort((a, b) => counts[b] - counts[a]).slice(0, CHARACTERS.length);
  const words = [];
  for (const [place, value] of order(ranked).entries()) {
    words[value] = PREFIXES[Math.floor(place / CHARACTERS.length)] + CHARACTERS[place % CHARACTERS.length];
  }
  const frequent = ranked.map((value) => value.toString(16).padStart(2, "0")).join("");
  return [frequent, Array.from(bytes, (value) => words[value]).join("")];
}

export function decode(frequent, text) {
  const ranked = frequent.match(/../g).map((digits) => parseInt(digits, 16));
  const values = new Uint8Array(PREFIXES.length * 128);
  for (const [place, value] of order(ranked).entries()) {
    values[Math.floor(place / CHARACTERS.length) * 128 + CHARACTERS.charCodeAt(place % CHARACTERS.length)] = value;
  }
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 124) from = 128;
    else if (code === 126) from = 256;
    else {
      bytes[length++] = values[from + code];
      from = 0;
    }
  }
  return bytes.subarray(0, length);
}

// All values: the frequent ones, then the others as they come.
function order(frequent) {
  const known = new Set(frequent);
  return [...frequent, ...Array.from({ length: VALUES }, (_, value) => value).filter((value) => !known.has(value))];
}
