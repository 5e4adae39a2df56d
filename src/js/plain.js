// Reads small plain data in the form that plain.rs writes: a tag for each value, then the value. Member names are constants in the module's memory, so
// that each name is decoded only once.

import { wasm_memory } from "./hfetch_bg.js";

const FALSE = 1;
const TRUE = 2;
const NUMBER = 3;
const TEXT = 4;
const NAME = 5;
const LIST = 6;
const OBJECT = 7;
const END = 8;
const SPAN = 9;

let decoder; // not made on import: some environments that load this file have none
// Names, by their address.
const names = new Map();
let view;
let at;

// The module's memory. The view becomes invalid when the memory grows.
function memory() {
  if (view === undefined || view.buffer.byteLength === 0) view = new DataView(wasm_memory().buffer);
  return view.buffer;
}

// The record at an address of the module's memory. It must be read before the next call into the module.
export function recordAt(pointer) {
  memory();
  at = pointer;
  return read(tag());
}

// A copy of the floats at an address of the module's memory.
export function floatsAt(pointer, length) {
  return new Float32Array(memory(), pointer, length).slice();
}

// The text at an address of the module's memory.
export const textAt = (pointer, length) => decoded(new Uint8Array(memory(), pointer, length));

// Bytes as text; a byte order mark belongs to it.
export function decoded(bytes) {
  decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
  return decoder.decode(bytes);
}

// Writes bytes to an address of the module's memory.
export function putAt(pointer, bytes) {
  new Uint8Array(memory(), pointer, bytes.length).set(bytes);
}

function read(kind) {
  switch (kind) {
    case FALSE:
    case TRUE:
      return kind === TRUE;
    case NUMBER:
      return view.getFloat64((at += 8) - 8, true);
    case NAME:
      return name();
    case TEXT: {
      const length = word();
      return text((at += length) - length, length);
    }
    case SPAN: {
      const start = word();
      return text(start, word());
    }
    case LIST: {
      const list = [];
      for (let next = tag(); next !== END; next = tag()) list.push(read(next));
      return list;
    }
    case OBJECT: {
      const object = {};
      while (tag() !== END) object[name()] = read(tag());
      return object;
    }
    default:
      return null;
  }
}

function tag() {
  return view.getUint8(at++);
}

function word() {
  return view.getUint32((at += 4) - 4, true);
}

function name() {
  const start = word();
  const length = word();
  const known = names.get(start);
  // Two names may begin at the same address.
  if (known?.length === length) return known;
  const found = text(start, length);
  names.set(start, found);
  return found;
}

// ASCII texts that many calls have in common (addresses, models, names of events), by their length and two of their characters.
const said = new Array(128).fill("");

// For a short text it is faster to compare it with a known one than to call the platform's decoder.
function text(start, length) {
  if (length > 64) return decoded(new Uint8Array(view.buffer, start, length));
  const place = (length * 31 + view.getUint8(start + (length >> 1)) * 7 + view.getUint8(start + length - 1)) & 127;
  const known = said[place];
  return known.length === length && isText(known, start) ? known : (said[place] = decoded(new Uint8Array(view.buffer, start, length)));
}

function isText(known, start) {
  for (let at = 0; at < known.length; at++) {
    const code = view.getUint8(start + at);
    if (code > 127 || known.charCodeAt(at) !== code) return false;
  }
  return true;
}
