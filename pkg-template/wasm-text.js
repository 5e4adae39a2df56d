// Writes a module's bytes as text, for an entry that is one file. In base64, compression can't see where bytes begin and end (+30 % over the wire; this encoding
// costs nothing). The most frequent byte values are one character each, all others two.

// There is no quote, backslash, backtick, dollar or "<" among them, so the text can be in any string of any script without escapes.
export const CHARACTERS = " !#%&()*+,-/0123456789:;>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";
// Each of these two is of a kind of its own for brotli, as no letter is.
export const PREFIXES = ["", ".", "="];
const VALUES = 256;

// wasm-text.wat, assembled. The same loop in JavaScript would take three times as long, since it runs only once, in the engine's interpreter.
const DECODER =
  "AGFzbQEAAAABBwFgAn9/AX8DAgEABQMBAAEHEwIGbWVtb3J5AgAGZGVjb2RlAAAKxAEBwQEBA38gACECA0AgAC0AACEEIAIgAyAE" +
  "ai0AADoAACACIAQtAIADaiECIAQtAIAEQQd0IQMgAC0AASEEIAIgAyAEai0AADoAACACIAQtAIADaiECIAQtAIAEQQd0IQMgAC0A" +
  "AiEEIAIgAyAEai0AADoAACACIAQtAIADaiECIAQtAIAEQQd0IQMgAC0AAyEEIAIgAyAEai0AADoAACACIAQtAIADaiECIAQtAIAE" +
  "QQd0IQMgAEEEaiIAIAFJDQALIAIL";
// Addresses in its memory: of the tables that it reads, and of the text.
const ROW = 128;
const STEPS = PREFIXES.length * ROW;
const ROWS = STEPS + ROW;
const TEXT = ROWS + ROW;
const PAGE = 65_536;
// V8 reads literals of this length a fifth faster than one literal of the whole text, for which it would have to enlarge its buffer
// several times, or than literals of less than 16,384 characters, which it hashes.
const PIECE = 65_536;

/** The byte values with one character, the most frequent first. */
export function frequent(bytes) {
  const counts = new Array(VALUES).fill(0);
  for (const value of bytes) counts[value]++;
  return [...counts.keys()].sort((a, b) => counts[b] - counts[a]).slice(0, CHARACTERS.length);
}

/** Returns [values, pieces]: the byte values with one character, in the characters' order and as base64, and the bytes as text. */
export function encode(bytes, values = frequent(bytes)) {
  const words = [];
  for (const [place, value] of order(values).entries()) {
    words[value] = PREFIXES[Math.floor(place / CHARACTERS.length)] + CHARACTERS[place % CHARACTERS.length];
  }
  const text = Array.from(bytes, (value) => words[value]).join("");
  return [btoa(String.fromCharCode(...values)), Array.from({ length: Math.ceil(text.length / PIECE) }, (_, at) => text.slice(PIECE * at, PIECE * (at + 1)))];
}

export function decode(first, pieces) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(fromBase64(DECODER)));
  exports.memory.grow(Math.ceil((TEXT + PIECE * pieces.length) / PAGE) - 1);
  const memory = new Uint8Array(exports.memory.buffer);
  const values = order(fromBase64(first));
  for (let place = 0; place < VALUES; place++) {
    const code = CHARACTERS.charCodeAt(place % CHARACTERS.length);
    memory[Math.floor(place / CHARACTERS.length) * ROW + code] = values[place];
    memory[STEPS + code] = 1;
  }
  for (let row = 1; row < PREFIXES.length; row++) memory[ROWS + PREFIXES[row].charCodeAt(0)] = row;
  const encoder = new TextEncoder();
  let end = TEXT;
  for (const piece of pieces) end += encoder.encodeInto(piece, memory.subarray(end)).written;
  return memory.subarray(TEXT, exports.decode(TEXT, end));
}

function fromBase64(text) {
  const values = atob(text);
  const bytes = new Uint8Array(values.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = values.charCodeAt(at);
  return bytes;
}

// All byte values: those with one character, then the others in order. Everything that runs on import uses plain loops, which are the fastest code in the engine's interpreter.
function order(first) {
  const values = new Uint8Array(VALUES);
  const known = new Uint8Array(VALUES);
  let length = 0;
  for (let at = 0; at < first.length; at++) {
    values[length++] = first[at];
    known[first[at]] = 1;
  }
  for (let value = 0; value < VALUES; value++) if (!known[value]) values[length++] = value;
  return values;
}
