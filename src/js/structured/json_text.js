// Finds the JSON in what a model writes: with reasoning before it, with words and code fences around it, and incomplete while it streams.
//
// Reading takes time linear in the text's length. Each character is read once, since the open lists and objects wait on a stack. Text that turned out not to be JSON
// isn't read again. Only the open lists and objects are copied for the reader, and only as often as the number of new characters allows (`OWED`).

import { parseJson } from "../json.js";

const DEEPEST = 512; // the same limit as in json.js
const OWED = 64; // members copied per character read, at most
const RUN = /[^"\\]*/y; // of a string
const WORD = /[-+.\w]*/y; // a number, true, false, null
const ESCAPES = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const THOUGHT = "<think>";
const AFTER_THOUGHT = "</think>";

const START = 0; // the text may begin with reasoning
const THINKING = 1;
const SEEK = 2;
const VALUE = 3;
const KEY = 4;
const COLON = 5;
const NEXT = 6;
const STRING = 7;
const SCALAR = 8;
const DONE = 9;

export class JsonText {
  changes = 0; // of the value so far
  #opens;
  #state = START;
  #rest = ""; // text that is too short to decide about
  #pieces = []; // of the value's text
  #open = []; // the outermost list or object first
  #string = "";
  #half = "";
  #isKey = false;
  #scalar = "";
  #root;
  #credit = 0;

  /** `type`: the type in the schema, if it has one. */
  constructor(type) {
    this.#opens = type === "object" ? /\{/g : type === "array" ? /\[/g : /[{[]/g;
  }

  get done() {
    return this.#state === DONE;
  }

  /** The text of the value, once it is done. */
  get text() {
    return this.#pieces.join("");
  }

  push(piece) {
    this.#credit += OWED * piece.length;
    const text = this.#rest + piece;
    this.#rest = "";
    let from = 0; // the start of the value's own text
    for (let at = 0; at < text.length && !this.done; ) {
      const before = this.#state;
      const next = this.#step(text, at);
      if (next < 0) {
        this.#fail();
        from = at;
      } else if (next === at && this.#rest !== "") {
        if (this.#state > SEEK) this.#pieces.push(text.slice(from, at));
        return;
      } else {
        if (before === SEEK) from = next - 1;
        at = next;
        if (this.done) this.#pieces.push(text.slice(from, at));
      }
    }
    if (this.#state > SEEK && !this.done) this.#pieces.push(text.slice(from));
  }

  // The index at which reading goes on; -1 if this is no JSON. Text that can't be decided yet becomes the rest.
  #step(text, at) {
    switch (this.#state) {
      case START:
        return this.#start(text);
      case THINKING:
        return this.#think(text, at);
      case SEEK:
        return this.#seek(text, at);
      case STRING:
        return this.#inString(text, at);
      case SCALAR:
        return this.#inScalar(text, at);
      default:
        return /\s/.test(text[at]) ? at + 1 : this.#token(text[at], at);
    }
  }

  #start(text) {
    const said = text.trimStart();
    if (said.length < THOUGHT.length && THOUGHT.startsWith(said)) this.#rest = said || " ";
    else this.#state = said.startsWith(THOUGHT) ? THINKING : SEEK;
    return 0;
  }

  #think(text, at) {
    const end = text.indexOf(AFTER_THOUGHT, at);
    if (end >= 0) {
      this.#state = SEEK;
      return end + AFTER_THOUGHT.length;
    }
    // Holds back as many characters as could be the beginning of the tag.
    let held = Math.min(AFTER_THOUGHT.length - 1, text.length - at);
    while (held > 0 && !AFTER_THOUGHT.startsWith(text.slice(-held))) held--;
    if (held > 0 && at === text.length - held) this.#rest = text.slice(-held);
    return text.length - held;
  }

  #seek(text, at) {
    this.#opens.lastIndex = at;
    const found = this.#opens.exec(text);
    if (found === null) return text.length;
    this.#begin(found[0]);
    return found.index + 1;
  }

  #token(char, at) {
    const inside = this.#open.at(-1);
    if (this.#state === COLON) {
      this.#state = VALUE;
      return char === ":" ? at + 1 : -1;
    }
    if (this.#state === NEXT && char === ",") {
      this.#state = inside.list ? VALUE : KEY;
      inside.comma = true;
      return at + 1;
    }
    if (char === (inside.list ? "]" : "}") && (this.#state === NEXT || !inside.comma) && !(this.#state === VALUE && !inside.list)) {
      this.#close();
      return at + 1;
    }
    if (this.#state === NEXT) return -1;
    if (char === '"') {
      this.#isKey = this.#state === KEY;
      this.#state = STRING;
      this.#string = this.#half = "";
      if (!this.#isKey) this.changes++;
      return at + 1;
    }
    if (this.#state === KEY) return -1;
    if (char === "{" || char === "[") return this.#begin(char) ? at + 1 : -1;
    if (!/[-\dtfn]/.test(char)) return -1;
    this.#state = SCALAR;
    this.#scalar = "";
    return at;
  }

  #begin(char) {
    if (this.#open.length === DEEPEST) return false;
    const list = char === "[";
    this.#open.push({ list, value: list ? [] : {}, size: 0, key: undefined, comma: false });
    this.#state = list ? VALUE : KEY;
    this.changes++;
    return true;
  }

  #close() {
    const { value } = this.#open.pop();
    this.#take(value);
  }

  // Adds a value that is complete.
  #take(value) {
    const inside = this.#open.at(-1);
    this.changes++;
    if (inside === undefined) {
      this.#root = value;
      this.#state = DONE;
      return;
    }
    put(inside.value, inside.list ? inside.size : inside.key, value);
    inside.size++;
    this.#state = NEXT;
  }

  #inString(text, at) {
    const run = matched(RUN, text, at);
    if (run !== "") {
      this.#say(run);
      return at + run.length;
    }
    if (text[at] === "\\") return this.#escape(text, at);
    if (this.#isKey) {
      this.#open.at(-1).key = this.#string + this.#half;
      this.#state = COLON;
    } else this.#take(this.#string + this.#half);
    return at + 1;
  }

  // Half of a surrogate pair waits for the other half.
  #say(piece) {
    const text = this.#half + piece;
    const last = text.charCodeAt(text.length - 1);
    this.#half = last >= 0xd800 && last < 0xdc00 ? text.slice(-1) : "";
    this.#string += this.#half === "" ? text : text.slice(0, -1);
    if (!this.#isKey) this.changes++;
  }

  #escape(text, at) {
    const length = text[at + 1] === "u" ? 6 : 2;
    if (text.length - at < length) {
      this.#rest = text.slice(at);
      return at;
    }
    const code = text.slice(at + 2, at + length);
    if (length === 6 && !/^[\da-f]{4}$/i.test(code)) return -1;
    this.#say(length === 6 ? String.fromCharCode(parseInt(code, 16)) : (ESCAPES[text[at + 1]] ?? text[at + 1]));
    return at + length;
  }

  #inScalar(text, at) {
    const word = matched(WORD, text, at);
    const end = at + word.length;
    this.#scalar += word;
    if (end === text.length) return end;
    try {
      this.#take(JSON.parse(this.#scalar));
      return end;
    } catch {
      return -1;
    }
  }

  // The text began like JSON but is none; other JSON may begin at the place of the error.
  #fail() {
    this.#open = [];
    this.#pieces = [];
    this.#state = SEEK;
    this.changes++;
  }

  /** Whether a copy of the value costs no more than reading the text that has come since the last copy. */
  get affordable() {
    return this.#open.reduce((sum, { size }) => sum + size, 0) <= this.#credit;
  }

  /** The value so far, undefined before it begins. The open lists and objects in it are copies that belong to the reader. */
  snapshot() {
    this.#credit = 0;
    if (this.done) return this.#root;
    let inner = this.#state === STRING && !this.#isKey ? this.#string : undefined;
    for (const { list, value, size, key } of [...this.#open].reverse()) {
      const copy = list ? value.slice() : { ...value };
      if (inner !== undefined) put(copy, list ? size : key, inner);
      inner = copy;
    }
    return inner;
  }
}

function matched(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text)[0];
}

function put(object, key, value) {
  if (key === "__proto__") Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

// Texts that may be the JSON: the whole text, or what is between code fences.
function* whole(text) {
  yield text.trim();
  for (const [, fenced] of text.matchAll(/```\w*\s*\n([^]*?)```/g)) yield fenced.trim();
}

// Whether a value has the schema's type; only objects and lists are checked.
const isOf = (value, type) => (type !== "object" && type !== "array") || (value !== null && typeof value === "object" && Array.isArray(value) === (type === "array"));

/** The first JSON value in an answer: { value }, or { problem, partial } if there is none that is complete. */
export function jsonIn(text, type) {
  // Some servers leave out the opening tag.
  const said = /^\s*[{["`]/.test(text) ? text : text.replace(/^[^]*?<\/think>(?=\s|[{[`])/, "");
  let other;
  for (const candidate of whole(said)) {
    try {
      const value = parseJson(candidate);
      if (isOf(value, type)) return { value };
      other ??= { value };
    } catch {
      // There are other words around the JSON.
    }
  }
  const reader = new JsonText(type);
  reader.push(said);
  const partial = reader.snapshot() ?? null;
  if (!reader.done && other !== undefined) return other;
  if (!reader.done) return { problem: partial === null ? "the answer holds no JSON" : "the JSON of the answer has no end", partial };
  try {
    return { value: parseJson(reader.text) };
  } catch (error) {
    return { problem: `the answer is no JSON: ${error.message}`, partial };
  }
}

/** Yields the value so far each time it has grown, from the pieces of a text. */
export async function* partialsOf(texts, type) {
  const reader = new JsonText(type);
  let shown = 0;
  for await (const piece of texts) {
    reader.push(piece);
    if (reader.changes === shown || !reader.affordable) continue;
    const value = reader.snapshot();
    shown = reader.changes;
    if (value !== undefined) yield value;
  }
  if (reader.changes !== shown) {
    const value = reader.snapshot();
    if (value !== undefined) yield value;
  }
}
