// Reads just enough of a wasm file to tell the size of each function: the import, code, data and name sections.

const SECTION = { custom: 0, import: 2, code: 10, data: 11 };
const FUNCTION_NAMES = 1;

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** An unsigned LEB128 number. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  text() {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }

  /** Reads a number, and then calls `read` that many times. */
  list(read) {
    return Array.from({ length: this.number() }, () => read(this));
  }
}

/** Returns { functions: [{ name, size, body }], imported, data }: the code by function, the number of imported functions, and the constant data. */
export function functionSizes(bytes) {
  let imported = 0;
  let bodies = [];
  let names = new Map();
  let data = bytes.subarray(0, 0);
  const file = new Reader(bytes, 8);
  while (file.at < bytes.length) {
    const id = file.byte();
    const length = file.number();
    const section = new Reader(bytes, file.at);
    const end = (file.at += length);
    if (id === SECTION.import) imported = section.list(readImport).filter((kind) => kind === 0).length;
    if (id === SECTION.code) bodies = section.list(readBody);
    if (id === SECTION.data) data = bytes.subarray(end - length, end);
    if (id === SECTION.custom && section.text() === "name") names = readNames(section, end);
  }
  return { data, imported, functions: bodies.map((body, index) => ({ body, size: body.length, name: names.get(imported + index) ?? `function ${index}` })) };
}

function readBody(section) {
  const size = section.number();
  section.at += size;
  return section.bytes.subarray(section.at - size, section.at);
}

/** Returns the kind of an import; the description that follows is skipped. */
function readImport(section) {
  section.text();
  section.text();
  const kind = section.byte();
  if (kind === 0) section.number();
  else if (kind === 3) section.at += 2;
  else {
    if (kind === 1) section.byte();
    const limits = section.byte();
    section.number();
    if (limits & 1) section.number();
  }
  return kind;
}

function readNames(section, end) {
  while (section.at < end) {
    const kind = section.byte();
    const length = section.number();
    if (kind === FUNCTION_NAMES) return new Map(section.list((entry) => [entry.number(), entry.text()]));
    section.at += length;
  }
  return new Map();
}
