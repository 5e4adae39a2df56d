// Writes a module's bytes as text, for an entry that is one file. In base64, compression can't see where bytes begin and end (+30 % over the wire; with this encoding
// +3 %). The most frequent byte values are one character each, all others two.

// There is no quote, backslash, backtick, dollar or "<" among them, so the text can be in any string of any script without escapes.
const CHARACTERS = " !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{}";
const PREFIXES = ["", "|", "~"];
const VALUES = 256;

// wasm-text.wat, assembled. The same loop in JavaScript would take three times as long, since it runs only once, in the engine's interpreter.
const DECODER =
  "0061736d0100000001070160027f7f017f030201000503010001071302066d656d6f72790200066465636f646500000a4501" +
  "4301037f20002102034020002d000021042002200320046a2d00003a0000200220042d0080036a210220042d008004410774" +
  "2103200041016a22002001490d000b20020b";
// Addresses in its memory: of the tables that it reads, and of the text.
const ROW = 128;
const STEPS = PREFIXES.length * ROW;
const ROWS = STEPS + ROW;
const TEXT = ROWS + ROW;
const PAGE = 65_536;

/** Returns [frequent, text]: the byte values with one character, as hexadecimal digits, and the bytes as text. */
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
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(fromHex(DECODER)));
  exports.memory.grow(Math.ceil((TEXT + text.length) / PAGE) - 1);
  const memory = new Uint8Array(exports.memory.buffer);
  const values = order(fromHex(frequent));
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

// All byte values: the frequent ones, then the others in order. Everything that runs on import uses plain loops, which are the fastest code in the engine's interpreter.
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
