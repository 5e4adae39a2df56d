// Small plain data as plain.rs writes it: a tag for each value, then the value. Names stand in the module's constant data,
// so that each is decoded once.

const FALSE = 1;
const TRUE = 2;
const NUMBER = 3;
const TEXT = 4;
const NAME = 5;
const LIST = 6;
const OBJECT = 7;
const END = 8;

let decoder; // not on import: not every environment that loads this has one
// By the place where they begin.
const names = new Map();
let view;
let at;

export function plain(bytes) {
  view = new DataView(bytes.buffer);
  at = bytes.byteOffset;
  return read(tag());
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
  // Different names may begin at one place.
  if (known?.length === length) return known;
  const found = text(start, length);
  names.set(start, found);
  return found;
}

function text(start, length) {
  decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
  return decoder.decode(new Uint8Array(view.buffer, start, length));
}
