// A module's bytes as text, for an entry that is one file: base64 would hide from compression where bytes begin and end
// (+30 % on the wire; this is +3 %). The most frequent values are one character each, all others two.

// No quote, backslash, backtick, dollar or "<": the text stands in any string of any script as it is.
const CHARACTERS = " !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{}";
const PREFIXES = ["", "|", "~"];
const VALUES = 256;

// wasm-text.wat, assembled: the same loop in JavaScript takes three times as long, for it runs once, in the engine's interpreter.
const DECODER =
  "AGFzbQEAAAABBwFgAn9/AX8DAgEABQMBAAEHEwIGbWVtb3J5AgAGZGVjb2RlAAAKxAEBwQEBA38gACECA0AgAC0AACEEIAIgAyAE" +
  "ai0AADoAACACIAQtAIADaiECIAQtAIAEQQd0IQMgAC0AASEEIAIgAyAEai0AADoAACACIAQtAIADaiECIAQtAIAEQQd0IQMgAC0A" +
  "AiEEIAIgAyAEai0AADoAACACIAQtAIADaiECIAQtAIAEQQd0IQMgAC0AAyEEIAIgAyAEai0AADoAACACIAQtAIADaiECIAQtAIAE" +
  "QQd0IQMgAEEEaiIAIAFJDQALIAIL";
// Where in its memory the tables lie that it reads, and the text.
const ROW = 128;
const STEPS = PREFIXES.length * ROW;
const ROWS = STEPS + ROW;
const TEXT = ROWS + ROW;
const PAGE = 65_536;
// A literal of the whole text would outgrow the memory into which an engine scans it several times, and one of less than 16,384
// characters is hashed: V8 reads these a fifth faster than either.
const PIECE = 65_536;

/** Gives [frequent, pieces]: the values of one character in base64, and the bytes as text. */
export function encode(bytes) {
  const counts = new Array(VALUES).fill(0);
  for (const value of bytes) counts[value]++;
  const ranked = [...counts.keys()].sort((a, b) => counts[b] - counts[a]).slice(0, CHARACTERS.length);
  const words = [];
  for (const [place, value] of order(ranked).entries()) {
    words[value] = PREFIXES[Math.floor(place / CHARACTERS.length)] + CHARACTERS[place % CHARACTERS.length];
  }
  const frequent = btoa(String.fromCharCode(...ranked));
  const text = Array.from(bytes, (value) => words[value]).join("");
  return [frequent, Array.from({ length: Math.ceil(text.length / PIECE) }, (_, at) => text.slice(PIECE * at, PIECE * (at + 1)))];
}

export function decode(frequent, pieces) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(fromBase64(DECODER)));
  exports.memory.grow(Math.ceil((TEXT + PIECE * pieces.length) / PAGE) - 1);
  const memory = new Uint8Array(exports.memory.buffer);
  const values = order(fromBase64(frequent));
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

// All values: the frequent ones, then the others as they come. Plain loops, as in all that runs on import: the interpreter's pace.
function order(frequent) {
  const values = new Uint8Array(VALUES);
  const known = new Uint8Array(VALUES);
  let length = 0;
  for (let at = 0; at < frequent.length; at++) {
    values[length++] = frequent[at];
    known[frequent[at]] = 1;
  }
  for (let value = 0; value < VALUES; value++) if (!known[value]) values[length++] = value;
  return values;
}
