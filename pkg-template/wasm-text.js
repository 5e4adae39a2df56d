// A module's bytes as text, for an entry that is one file: base64 would hide from compression where bytes begin and end
// (+30 % on the wire; this costs nothing). The most frequent values are one character each, all others two.

// No quote, backslash, backtick, dollar or "<": the text stands in any string of any script as it is.
export const CHARACTERS = " !#%&()*+,-/0123456789:;>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";
// Of a kind of their own for brotli, as no letter is.
export const PREFIXES = ["", ".", "="];
const VALUES = 256;

// wasm-text.wat, assembled: the same loop in JavaScript takes three times as long, for it runs once, in the engine's interpreter.
const DECODER =
  "0061736d0100000001070160027f7f017f030201000503010001071302066d656d6f72790200066465636f646500000a4501" +
  "4301037f20002102034020002d000021042002200320046a2d00003a0000200220042d0080036a210220042d008004410774" +
  "2103200041016a22002001490d000b20020b";
// Where in its memory the tables lie that it reads, and the text.
const ROW = 128;
const STEPS = PREFIXES.length * ROW;
const ROWS = STEPS + ROW;
const TEXT = ROWS + ROW;
const PAGE = 65_536;

/** The values that are one character each, the most frequent first. */
export function frequent(bytes) {
  const counts = new Array(VALUES).fill(0);
  for (const value of bytes) counts[value]++;
  return [...counts.keys()].sort((a, b) => counts[b] - counts[a]).slice(0, CHARACTERS.length);
}

/** Gives [values, text]: the values of one character in hexadecimal digits, in the characters' order, and the bytes as text. */
export function encode(bytes, values = frequent(bytes)) {
  const words = [];
  for (const [place, value] of order(values).entries()) {
    words[value] = PREFIXES[Math.floor(place / CHARACTERS.length)] + CHARACTERS[place % CHARACTERS.length];
  }
  return [values.map((value) => value.toString(16).padStart(2, "0")).join(""), Array.from(bytes, (value) => words[value]).join("")];
}

export function decode(digits, text) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(fromHex(DECODER)));
  exports.memory.grow(Math.ceil((TEXT + text.length) / PAGE) - 1);
  const memory = new Uint8Array(exports.memory.buffer);
  const values = order(fromHex(digits));
  for (let place = 0; place < VALUES; place++) {
    const code = CHARACTERS.charCodeAt(place % CHARACTERS.length);
    memory[Math.floor(place / CHARACTERS.length) * ROW + code] = values[place];
    memory[STEPS + code] = 1;
  }
  for (let row = 1; row < PREFIXES.length; row++) memory[ROWS + PREFIXES[row].charCodeAt(0)] = row;
  new TextEncoder().encodeInto(text, memory.subarray(TEXT));
  return memory.subarray(TEXT, exports.decode(TEXT, TEXT + text.length));
}

function fromHex(digits) {
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

// All values: those of one character, then the others as they come. Plain loops, as in all that runs on import: the interpreter's pace.
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
