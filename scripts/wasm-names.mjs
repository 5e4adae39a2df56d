// wasm-bindgen names each import with a hash, which can't be compressed, and each export after its class and method, in the module and in the glue. In the package they
// are named "a", "b", "c".

const IMPORTS = 2;
const EXPORTS = 7;
const HEADER = 8;
const MODULE = "i";
// Names that are used outside of the glue: by instantiate.js, trap.js and tests.
const KEPT = /^(memory|__stack_pointer|__wbindgen_start|decoderhandle_(commit|reserve)|trap_.*)$/;
const MEMBER = /\bwasm\.(\w+)/g;

/** Returns { bytes, imports }: the module with short names, and { module, name, short } of each import. */
export function shortenImports(file) {
  const { start, at, end } = section(file, IMPORTS);
  const reader = { file, at };
  const imports = [];
  const entries = [];
  for (let left = number(reader); left > 0; left--) {
    const [module, name] = [text(reader), text(reader)];
    const kind = reader.at;
    skipKind(reader);
    const short = imports.length.toString(36);
    imports.push({ module, name, short });
    entries.push(...word(MODULE), ...word(short), ...file.subarray(kind, reader.at));
  }
  return { bytes: withSection(file, start, end, IMPORTS, [...leb(imports.length), ...entries]), imports };
}

/** Returns { bytes, glue }: the module without unused exports and with short names for the others, and the glue with the same names. */
export function shortenExports(file, glue) {
  const asked = new Set([...glue.matchAll(MEMBER)].map(([, name]) => name));
  const { start, at, end } = section(file, EXPORTS);
  const reader = { file, at };
  const names = new Map();
  const entries = [];
  let count = 0;
  for (let left = number(reader); left > 0; left--) {
    const name = text(reader);
    const item = reader.at++;
    number(reader);
    if (!KEPT.test(name)) {
      if (!asked.has(name)) continue;
      names.set(name, `e${names.size.toString(36)}`);
    }
    count++;
    entries.push(...word(names.get(name) ?? name), ...file.subarray(item, reader.at));
  }
  const bytes = withSection(file, start, end, EXPORTS, [...leb(count), ...entries]);
  return { bytes, glue: glue.replace(MEMBER, (whole, name) => `wasm.${names.get(name) ?? name}`) };
}

/** The object for instantiation, as a module that contains only the needed names, so that the rest of the glue can be removed. */
export function importsModule(imports) {
  const lines = imports.map(({ module, name, short }) => `import { ${name} as import_${short} } from ${JSON.stringify(module)};`);
  const members = imports.map(({ short }) => `${JSON.stringify(short)}: import_${short}`);
  return `${lines.join("\n")}\nexport const imports = { ${MODULE}: { ${members.join(", ")} } };\n`;
}

function withSection(file, start, end, id, body) {
  return Buffer.concat([file.subarray(0, start), Buffer.from([id, ...leb(body.length), ...body]), file.subarray(end)]);
}

function section(file, wanted) {
  for (const reader = { file, at: HEADER }; reader.at < file.length; ) {
    const start = reader.at;
    const id = file[reader.at++];
    const size = number(reader);
    if (id === wanted) return { start, at: reader.at, end: reader.at + size };
    reader.at += size;
  }
  throw new Error(`the module has no section ${wanted}`);
}

/** An unsigned LEB128 number. */
function number(reader) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = reader.file[reader.at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
}

function leb(value) {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 0x80))];
}

function text(reader) {
  const length = number(reader);
  reader.at += length;
  return reader.file.toString("utf8", reader.at - length, reader.at);
}

function word(name) {
  return [...leb(name.length), ...Buffer.from(name)];
}

// Only functions are imported: the module has its own memory, tables and globals.
function skipKind(reader) {
  const kind = reader.file[reader.at++];
  if (kind !== 0) throw new Error(`an import of kind ${kind}, which is no function`);
  number(reader);
}
