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

const names = new Map();

export function plain(bytes) {
  const view = new DataView(bytes.buffer);
  let at = bytes.byteOffset;
  const word = () => view.getUint32((at += 4) - 4, true);
  const text = (start, length) => new TextDecoder().decode(new Uint8Array(bytes.buffer, start, length));
  const name = () => {
    const start = word();
    const length = word();
    // Different names may begin at one place.
    const place = start * 65_536 + length;
    if (!names.has(place)) names.set(place, text(start, length));
    return names.get(place);
  };
  const tag = () => view.getUint8(at++);
  const read = (kind) => {
    if (kind === FALSE || kind === TRUE) return kind === TRUE;
    if (kind === NUMBER) return view.getFloat64((at += 8) - 8, true);
    if (kind === NAME) return name();
    if (kind === TEXT) {
      const length = word();
      return text((at += length) - length, length);
    }
    if (kind === LIST) {
      const list = [];
      for (let next = tag(); next !== END; next = tag()) list.push(read(next));
      return list;
    }
    if (kind === OBJECT) {
      const object = {};
      while (tag() !== END) object[name()] = read(tag());
      return object;
    }
    return null;
  };
  return read(tag());
}
