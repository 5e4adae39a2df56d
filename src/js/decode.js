// Turns the bytes of a chat stream into chunks or texts. The WebAssembly module parses, accumulates and compares. This file makes the strings and
// objects, in bulk: at most one call into the module, one text decoding and one JSON.parse per network chunk.

import { ownBytes } from "./bytes.js";
import { DecoderHandle, wasm_memory } from "./hfetch_bg.js";
import { decoded } from "./plain.js";

const TEXT = 1;
const BY_JSON = -1; // a value that comes from the batch's JSON
const SAME = -2; // the string equals the previous one
const DEFINE = -3; // the next definition replaces an older template
const WIDE = -4; // a length follows, and the string is made from that many of the UTF-16 units
const ORDER = -5; // after the template's number follows the order of the chunk's own keys, by their numbers in the template
const STRING = 0; // the kinds of slots
const NUMBER = 1;
const NUMBERS = 2;
const CONSTANTS = [null, true, false]; // the first words in a slot for any value; then come a number, an array, and strings
const ANY_NUMBER = 3;
const ANY_LIST = 4;
const ANY_STRING = 5;
const FLAGS = 13; // their index in a report
const NONE = Object.freeze([]);
const PIECE = 64 << 10; // bytes
const MOST_UNITS = 4 << 10;

// The address for network chunks in the module's memory. All streams share it, since each chunk is read at once.
let input = 0;
let room = 0;
let bytes = new Uint8Array(0);
let words;
let halves;
let floats;

// When the memory grows, the views on it become invalid.
function renewViews() {
  const { buffer } = wasm_memory();
  bytes = new Uint8Array(buffer);
  words = new Int32Array(buffer);
  halves = new Uint16Array(buffer);
  floats = new Float64Array(buffer);
}

export class Decoder {
  flags = 0; // of the last report: if they are the same, the next report needn't be read again
  ended = false;
  delivered_any = false;
  has_event = false;
  tail = false; // a finish reason or usage has been seen
  failed = false; // the body ended badly
  #handle;
  #templates = [];
  #values = [];
  #keeps;

  // Without `maxAnswerBytes` the answer isn't kept, and its texts are only counted.
  constructor(maxEventBytes, maxAnswerBytes, isText = false) {
    this.#handle = new DecoderHandle(maxEventBytes, maxAnswerBytes, isText);
    this.#keeps = maxAnswerBytes !== undefined;
  }

  // `length` is the chunk's length according to the engine. A large chunk is read in pieces no larger than a usual network chunk, since the module's
  // memory never shrinks.
  push(chunk, length, mode) {
    if (length > PIECE) return this.#pushPieces(chunk, length, mode);
    const there = Math.max(room, length);
    if (there > room) input = this.#handle.reserve(length);
    if (bytes.length === 0) renewViews();
    bytes.set(chunk, input);
    // After a trap there is no buffer to write to.
    room = 0;
    const report = this.#handle.commit(length, mode);
    room = there;
    return this.#take(report, mode);
  }

  #pushPieces(chunk, length, mode) {
    const bytes = ownBytes(chunk);
    const items = [];
    for (let at = 0; at < length && !this.ended; at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE);
      for (const item of this.push(piece, piece.length, mode)) items.push(item);
    }
    return items;
  }

  // Ends the body; `lost`: the connection broke. `failed` then says whether the stream was complete all the same.
  end(mode, lost) {
    return this.#take(this.#handle.end(mode, lost), mode);
  }

  // The typed error for a body that ended badly.
  fault(call, partial) {
    return call.stream_fault(this.#handle, partial);
  }

  // Books what was used. Returns the finish reason and, if the caller may ask for it, a function that returns the completion.
  account(call, whole, mayAsk) {
    const asked = this.#keeps && mayAsk;
    const { finishReason, json } = call.streamed(this.#handle, whole, asked);
    // A large completion is copied out at once, since its memory would have to be fetched again later.
    const large = asked && json === null ? this.#handle.completion_json() : undefined;
    this.#handle.free();
    if (large) return { finishReason, folded: () => completionOf(large) };
    return { finishReason, folded: asked ? () => JSON.parse(json) : undefined };
  }

  // The completion so far; null if it isn't kept.
  partial() {
    return this.#keeps ? completionOf(this.#handle.completion_json()) : null;
  }

  // Takes flags that seldom change.
  #say(flags) {
    this.flags = flags;
    this.ended = (flags & 1) !== 0;
    this.delivered_any = (flags & 2) !== 0;
    this.tail = (flags & 4) !== 0;
    this.failed = (flags & 8) !== 0;
    this.has_event = (flags & 16) !== 0;
  }

  // Reads the header, whose layout is in DecoderHandle's `report`.
  #take(pointer, mode) {
    if (bytes.length === 0) renewViews();
    const header = pointer >>> 2;
    const flags = words[header + FLAGS];
    if (flags !== this.flags) this.#say(flags);
    const items = words[header];
    if (items === 0) return [];
    if (mode !== TEXT) return this.#items(header, items);
    const wide = words[header + 12];
    return [wide === 0 ? textOf(header) : wideText(words[header + 11] >>> 1, (words[header + 11] >>> 1) + wide)];
  }

  #items(header, items) {
    const parsed = parseList(words[header + 7] >>> 0, words[header + 8]);
    if (words[header + 1] === items) return parsed;
    const text = textOf(header);
    const ops = words[header + 2] >>> 2;
    // One event in a network chunk, of which one text changed: most of what a page reads.
    if (items === 1 && words[ops] > 0 && words[ops + 1] >= 0) {
      const { chain } = this.#templates[words[ops] - 1];
      if (chain !== null) return [chained(chain, text)];
    }
    const definitions = parseList(words[header + 9] >>> 0, words[header + 10]);
    return this.#chunks(items, ops, text, words[header + 11] >>> 1, words[header + 6] >>> 3, parsed, definitions);
  }

  #chunks(items, ops, text, half, float, parsed, definitions) {
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
      const isMoved = op === ORDER;
      const template = templates[isMoved ? list[ops++] - 1 : op - 1];
      const { kinds, chain } = template;
      const order = ops;
      if (isMoved) ops += template.names.length;
      if (chain !== null && !isMoved && list[ops] >= 0) {
        chunks[item] = chained(chain, text.slice(at, (at += list[ops++])));
        continue;
      }
      for (let slot = 0; slot < kinds.length; slot++) {
        const word = list[ops++];
        const kind = kinds[slot];
        if (word === BY_JSON) {
          values[slot] = parsed[next++];
        } else if (kind === STRING) {
          if (word >= 0) string = text.slice(at, (at += word));
          else if (word === WIDE) string = wideText(half, (half += list[ops++]));
          values[slot] = string;
        } else if (kind === NUMBER) {
          values[slot] = numbers[float++];
        } else if (kind === NUMBERS) {
          values[slot] = numberList(numbers, float, word);
          float += word;
        } else if (word < ANY_NUMBER) {
          values[slot] = CONSTANTS[word];
        } else {
          const isList = word === ANY_LIST;
          const length = isList ? list[ops++] : 1;
          const array = isList ? new Array(length) : null;
          let value;
          for (let place = 0; place < length; place++) {
            const any = isList ? list[ops++] : word;
            if (any < ANY_NUMBER) value = CONSTANTS[any];
            else if (any === ANY_NUMBER) value = numbers[float++];
            else value = text.slice(at, (at += any - ANY_STRING));
            if (isList) array[place] = value;
          }
          values[slot] = isList ? array : value;
        }
      }
      chunks[item] = isMoved ? inOrder(template, values, list, order) : topLevel(template.root, values);
    }
    return chunks;
  }
}

// The chunk with its own order of keys: their numbers in the template are in `list` from `order` on.
function inOrder({ names, root, nodes }, values, list, order) {
  const chunk = {};
  for (let at = 0; at < names.length; at++) {
    const number = list[order + at];
    const name = names[number];
    const node = nodes[number];
    chunk[name] = node === undefined ? root.source[name] : secondLevel(node, values);
  }
  return chunk;
}

// Made in its full length, since an array that grows is copied, and gets room for many more elements.
function numberList(numbers, at, length) {
  const array = new Array(length);
  for (let place = 0; place < length; place++) array[place] = numbers[at + place];
  return array;
}

function parseList(pointer, length) {
  return length === 0 ? NONE : JSON.parse(decoded(bytes.subarray(pointer, pointer + length)));
}

const textOf = (header) => decodeText(words[header + 3] >>> 0, words[header + 4], words[header + 5]);

// For a few characters, the platform's decoder would cost more than this loop. The module has checked that they are valid UTF-8.
function decodeText(pointer, length, units) {
  const end = pointer + length;
  if (units > 24) return decoded(bytes.subarray(pointer, end));
  const list = bytes;
  let text = "";
  let at = pointer;
  // ASCII: four characters at a time.
  if (units === length) {
    for (; at + 4 <= end; at += 4) text += String.fromCharCode(list[at], list[at + 1], list[at + 2], list[at + 3]);
    if (end - at === 3) return text + String.fromCharCode(list[at], list[at + 1], list[at + 2]);
    if (end - at === 2) return text + String.fromCharCode(list[at], list[at + 1]);
  }
  for (; at < end; at++) {
    let code = list[at];
    if (code >= 0xf0) {
      code = ((code & 0x07) << 18) | ((list[at + 1] & 0x3f) << 12) | ((list[at + 2] & 0x3f) << 6) | (list[at + 3] & 0x3f);
      text += String.fromCodePoint(code);
      at += 3;
      continue;
    }
    if (code >= 0xe0) {
      code = ((code & 0x0f) << 12) | ((list[at + 1] & 0x3f) << 6) | (list[at + 2] & 0x3f);
      at += 2;
    } else if (code >= 0xc0) {
      code = ((code & 0x1f) << 6) | (list[at + 1] & 0x3f);
      at += 1;
    }
    text += String.fromCharCode(code);
  }
  return text;
}

// Parses a completion from its JSON in UTF-8; the object belongs to the caller.
function completionOf(json) {
  return JSON.parse(decoded(json));
}

// The text of the units from `at` to `end`, in parts, since a call accepts only so many arguments.
function wideText(at, end) {
  let text = "";
  for (; at < end; at += MOST_UNITS) text += String.fromCharCode.apply(null, halves.subarray(at, Math.min(at + MOST_UNITS, end)));
  return text;
}

// A template: an example chunk that is never handed out, with the places (slots) at which it is filled in.
class Template {
  constructor({ example, slots }) {
    this.kinds = slots.map(({ kind }) => kind);
    this.names = Object.keys(example);
    this.root = new Node(example, slots.map(({ path }) => path), 0, slots.map((_, slot) => slot));
    this.nodes = this.names.map((name) => this.root.children[this.root.keys.indexOf(name)]);
    this.chain = this.kinds[0] === STRING ? chainOf(this.root) : null;
  }
}

// Most streams change one string in the delta of their only choice. These chunks are built without a check at each level, by names that
// stand in the code.
function chainOf(top) {
  const within = (node, key) => (node?.children?.length === 1 && node.keys[0] === key ? node.children[0] : undefined);
  const list = within(top, "choices");
  const choice = within(list, 0);
  const delta = within(choice, "delta");
  if (delta?.isArray !== false || delta.children.length !== 1 || delta.children[0] !== 0 || list.source.length !== 1) return null;
  const [last] = delta.keys;
  const isContent = Object.keys(delta.source).join() === "content";
  return { top: top.source, choice: choice.source, delta: isContent ? null : delta.source, last };
}

function chained({ top, choice, delta, last }, string) {
  const copy = { ...top };
  const copyOfChoice = { ...choice };
  copyOfChoice.delta = delta === null ? { content: string } : { ...delta, [last]: string };
  copy.choices = [copyOfChoice];
  return copy;
}

// An object or array of the example. Each one that is a slot or contains others is made anew for each chunk.
class Node {
  constructor(source, paths, depth, slots) {
    this.source = source;
    this.isArray = Array.isArray(source);
    this.keys = [];
    this.children = []; // the number of a slot, or a node
    for (const key of Object.keys(source)) {
      const value = source[key];
      const inside = [];
      for (const slot of slots) if (String(paths[slot][depth]) === key) inside.push(slot);
      const isSlot = inside.length === 1 && paths[inside[0]].length === depth + 1;
      if (!isSlot && (typeof value !== "object" || value === null)) continue;
      this.keys.push(this.isArray ? Number(key) : key);
      this.children.push(isSlot ? inside[0] : new Node(value, paths, depth + 1, inside));
    }
  }
}

// The same function once per usual level, with one line for each of the first keys. An engine copies objects and sets properties fast if one place in the source has
// met few shapes and names.
function topLevel({ source, keys, children }, values) {
  const copy = { ...source };
  const { length } = keys;
  if (length > 0) copy[keys[0]] = secondLevel(children[0], values);
  if (length > 1) copy[keys[1]] = secondLevel(children[1], values);
  if (length > 2) copy[keys[2]] = secondLevel(children[2], values);
  if (length > 3) copy[keys[3]] = secondLevel(children[3], values);
  for (let at = 4; at < length; at++) copy[keys[at]] = secondLevel(children[at], values);
  return copy;
}

function secondLevel(node, values) {
  if (typeof node === "number") return values[node];
  if (!node.isArray) return fill(node, values);
  const { source, children } = node;
  return source.length === 1 && children.length === 1 ? [choice(children[0], values)] : fillArray(node, values);
}

function choice(node, values) {
  if (typeof node === "number") return values[node];
  if (node.isArray) return fillArray(node, values);
  const { source, keys, children } = node;
  const copy = { ...source };
  const { length } = keys;
  if (length > 0) copy[keys[0]] = delta(children[0], values);
  if (length > 1) copy[keys[1]] = delta(children[1], values);
  for (let at = 2; at < length; at++) copy[keys[at]] = delta(children[at], values);
  return copy;
}

function delta(node, values) {
  if (typeof node === "number") return values[node];
  if (node.isArray) return fillArray(node, values);
  const { source, keys, children } = node;
  const copy = { ...source };
  const { length } = keys;
  if (length > 0) copy[keys[0]] = fill(children[0], values);
  if (length > 1) copy[keys[1]] = fill(children[1], values);
  for (let at = 2; at < length; at++) copy[keys[at]] = fill(children[at], values);
  return copy;
}

function fill(node, values) {
  if (typeof node === "number") return values[node];
  if (node.isArray) return fillArray(node, values);
  const { source, keys, children } = node;
  const copy = { ...source };
  const { length } = keys;
  if (length > 0) copy[keys[0]] = fill(children[0], values);
  if (length > 1) copy[keys[1]] = fill(children[1], values);
  if (length > 2) copy[keys[2]] = fill(children[2], values);
  for (let at = 3; at < length; at++) copy[keys[at]] = fill(children[at], values);
  return copy;
}

function fillArray({ source, keys, children }, values) {
  const copy = source.slice();
  for (let at = 0; at < keys.length; at++) copy[keys[at]] = fill(children[at], values);
  return copy;
}
