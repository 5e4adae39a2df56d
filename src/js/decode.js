// Bytes of a chat stream in, chunks or texts out. Framing, folding and comparing happen in wasm; here strings and
// objects are made, in bulk: one call into wasm, one text decoding and one JSON.parse for each network chunk at most.

import { DecoderHandle, wasm_memory } from "./hfetch_bg.js";

const TEXT = 1;
const BY_JSON = -1; // the value is the next of the batch's JSON
const SAME = -2; // the string is the one before it
const DEFINE = -3; // the next definition takes the place of an older template
const STRING = 0; // a slot's kind; anything else is an array of numbers
const NUMBER = 1;
const NONE = Object.freeze([]);

// A byte order mark inside a text belongs to it.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

let bytes = new Uint8Array(0);
let words;
let floats;

// Growing the memory detaches the views.
function renewViews() {
  const { buffer } = wasm_memory();
  bytes = new Uint8Array(buffer);
  words = new Int32Array(buffer);
  floats = new Float64Array(buffer);
}

export class Decoder {
  ended = false;
  delivered_any = false;
  tail = false; // a finish reason or usage has been seen
  #handle;
  #input = 0; // where the next network chunk goes, and how much of it may
  #room = 0;
  #templates = [];
  #values = [];

  constructor(maxEventBytes) {
    this.#handle = new DecoderHandle(maxEventBytes);
  }

  push(chunk, mode) {
    const { length } = chunk;
    if (length > this.#room) {
      this.#input = this.#handle.reserve(length);
      this.#room = length;
    }
    if (bytes.length === 0) renewViews();
    bytes.set(chunk, this.#input);
    return this.#take(this.#handle.commit(length, mode), mode);
  }

  end(mode) {
    return this.#take(this.#handle.end(mode), mode);
  }

  get finish_reason() {
    return this.#handle.finish_reason;
  }

  get has_finish() {
    return this.#handle.has_finish;
  }

  fault() {
    return this.#handle.fault();
  }

  usage() {
    return this.#handle.usage();
  }

  model() {
    return this.#handle.model();
  }

  delivered() {
    return this.#handle.delivered();
  }

  // The completion as far as it has come. Most streams are never asked: what it costs to decode it waits for the call.
  folded() {
    const json = this.#handle.completion_json();
    return () => JSON.parse(utf8.decode(json));
  }

  free() {
    this.#handle.free();
  }

  // The header is DecoderHandle's `report`.
  #take(pointer, mode) {
    if (bytes.length === 0) renewViews();
    const header = pointer >>> 2;
    const flags = words[header + 11];
    this.ended = (flags & 1) !== 0;
    this.delivered_any = (flags & 2) !== 0;
    this.tail = (flags & 4) !== 0;
    const items = words[header];
    if (items === 0) return [];
    const parsed = parseList(words[header + 7], words[header + 8]);
    if (words[header + 1] === items) return parsed;
    const text = decodeText(words[header + 3], words[header + 4], words[header + 5]);
    if (mode === TEXT) return [text];
    const ops = words[header + 2] >>> 2;
    const definitions = parseList(words[header + 9], words[header + 10]);
    return this.#chunks(items, ops, text, words[header + 6] >>> 3, parsed, definitions);
  }

  #chunks(items, ops, text, float, parsed, definitions) {
    const values = this.#values;
    const templates = this.#templates;
    const list = words;
    const numbers = floats;
    const chunks = new Array(items);
    let at = 0;
    let next = 0;
    let defined = 0;
    let string = "";
    for (let item = 0; item < items; item++) {
      let op = list[ops++];
      if (op === DEFINE) {
        const definition = definitions[defined++];
        templates[definition.index] = new Template(definition);
        op = list[ops++];
      }
      if (op === 0) {
        chunks[item] = parsed[next++];
        continue;
      }
      const { kinds, root } = templates[op - 1];
      for (let slot = 0; slot < kinds.length; slot++) {
        const word = list[ops++];
        const kind = kinds[slot];
        if (word === BY_JSON) {
          values[slot] = parsed[next++];
        } else if (kind === STRING) {
          if (word !== SAME) string = text.slice(at, (at += word));
          values[slot] = string;
        } else if (kind === NUMBER) {
          values[slot] = numbers[float++];
        } else {
          const array = [];
          for (const end = float + word; float < end; float++) array.push(numbers[float]);
          values[slot] = array;
        }
      }
      chunks[item] = topLevel(root, values);
    }
    return chunks;
  }
}

function parseList(pointer, length) {
  return length === 0 ? NONE : JSON.parse(utf8.decode(bytes.subarray(pointer, pointer + length)));
}

function decodeText(pointer, length, units) {
  if (length > 24 || length !== units) return utf8.decode(bytes.subarray(pointer, pointer + length));
  let text = "";
  for (let at = pointer; at < pointer + length; at++) text += String.fromCharCode(bytes[at]);
  return text;
}

// One shape of chunk: an example that is never handed out, and where it is filled in.
class Template {
  constructor({ example, slots }) {
    this.kinds = slots.map(({ kind }) => kind);
    this.root = new Node(example, slots.map(({ path }) => path), 0, slots.map((_, slot) => slot));
  }
}

// An object or array of the example. Everything in it that is a slot or holds other objects is made anew.
class Node {
  constructor(source, paths, depth, slots) {
    this.source = source;
    this.keys = [];
    this.children = []; // a slot's number or a node
    for (const key of Object.keys(source)) {
      const inside = slots.filter((slot) => String(paths[slot][depth]) === key);
      const value = source[key];
      const isSlot = inside.length === 1 && paths[inside[0]].length === depth + 1;
      if (!isSlot && (typeof value !== "object" || value === null)) continue;
      this.keys.push(key);
      this.children.push(isSlot ? inside[0] : new Node(value, paths, depth + 1, inside));
    }
  }
}

// The same function for each of the usual levels: an engine copies objects of a shape fast where it has seen few
// shapes, and it looks at the place in the source.
function topLevel({ source, keys, children }, values) {
  const copy = { ...source };
  for (let at = 0; at < keys.length; at++) {
    const child = children[at];
    copy[keys[at]] = typeof child === "number" ? values[child] : secondLevel(child, values);
  }
  return copy;
}

function secondLevel(node, values) {
  const { source, children } = node;
  if (!Array.isArray(source)) return fill(node, values);
  if (source.length === 1 && children.length === 1 && typeof children[0] !== "number") return [choice(children[0], values)];
  return fillArray(node, values);
}

function choice(node, values) {
  const { source, keys, children } = node;
  if (Array.isArray(source)) return fillArray(node, values);
  const copy = { ...source };
  for (let at = 0; at < keys.length; at++) {
    const child = children[at];
    copy[keys[at]] = typeof child === "number" ? values[child] : delta(child, values);
  }
  return copy;
}

function delta(node, values) {
  const { source, keys, children } = node;
  if (Array.isArray(source)) return fillArray(node, values);
  const copy = { ...source };
  for (let at = 0; at < keys.length; at++) {
    const child = children[at];
    copy[keys[at]] = typeof child === "number" ? values[child] : fill(child, values);
  }
  return copy;
}

function fill(node, values) {
  const { source, keys, children } = node;
  if (Array.isArray(source)) return fillArray(node, values);
  const copy = { ...source };
  for (let at = 0; at < keys.length; at++) {
    const child = children[at];
    copy[keys[at]] = typeof child === "number" ? values[child] : fill(child, values);
  }
  return copy;
}

function fillArray({ source, keys, children }, values) {
  const copy = source.slice();
  for (let at = 0; at < keys.length; at++) {
    const child = children[at];
    copy[keys[at]] = typeof child === "number" ? values[child] : fill(child, values);
  }
  return copy;
}
