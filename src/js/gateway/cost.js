// Tells the caller what a call cost, if the operator wants that: in headers and in the usage of a whole answer; for a stream in its last usage and in a comment, which
// every parser of event streams skips. All other bytes stay the same.

import { readable } from "./client.js";
import { encoder } from "./encoder.js";
import { dataOf, eventEnd, isEventStream, join, parse } from "./event_filter.js";
import { ENDS } from "./responses.js";

/** Headers that pages may read. */
export const COST_HEADERS = ["X-Hfetch-Cost-Usd", "X-Hfetch-Cost-Source"];

const NOTHING = new Uint8Array(0);
const WHOLE = ["usage"]; // the path of the usage in a whole answer
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

// Which events of a stream report its last usage, after which no text follows; and the path of that usage.
const OF_CHAT = {
  path: ["usage"],
  reports: ({ usage, choices }) => isObject(usage) && (choices ?? []).every?.((choice) => choice?.finish_reason),
};
const OF_RESPONSES = {
  path: ["response", "usage"],
  reports: ({ type, response }) => ENDS.includes(type) && isObject(response?.usage),
};

/** Waits for a call's settlement and adds its price to the answer. */
export class Bill {
  #api;
  #settlement;

  constructor(kind) {
    this.#api = kind === "responses" ? OF_RESPONSES : OF_CHAT;
    this.#settlement = new Promise((resolve) => (this.settle = resolve));
  }

  /** An answer with its cost. The cost of a stream is known only at its end. */
  async priced(answer) {
    if (answer.chunks !== undefined) {
      const chunks = new PricedChunks(answer.chunks, this.#settlement, this.#api);
      return { ...answer, chunks, body: readable(chunks) };
    }
    const { outcome, cost } = await this.#settlement;
    return outcome === "ok" ? { ...answer, cost, body: withCost(answer.body, WHOLE, cost, textOf) } : answer;
  }
}

export function tellCost(headers, { usd, source }) {
  if (usd !== null) headers.set("x-hfetch-cost-usd", String(usd));
  headers.set("x-hfetch-cost-source", source);
}

const comment = ({ usd, source }) => encoder.encode(`: hfetch ${JSON.stringify({ cost: { usd, source } })}\n\n`);

// Reads like a ChunkReader. The end of a stream, from its last usage or [DONE] on, is held back until the price is known. If the stream fails, the held bytes are
// passed on unchanged, since the cost of a failed call isn't that of a whole answer.
class PricedChunks {
  #reader;
  #settlement;
  #api;
  #held = []; // the parts as they came: each is examined once, however many there are
  #isStream = false;
  #over = false;

  constructor(reader, settlement, api) {
    this.#reader = reader;
    this.#settlement = settlement;
    this.#api = api;
  }

  whenUnread(tell) {
    this.#reader.whenUnread(tell);
  }

  cancel() {
    return this.#reader.cancel();
  }

  async read() {
    while (!this.#over) {
      const { value, done } = await this.#reader.read();
      if (done) return this.#last();
      this.#isStream ||= isEventStream(value);
      const end = this.#isStream ? this.#endIn(value) : value.length;
      const told = end === undefined ? NOTHING : join([...this.#held.splice(0), value.subarray(0, end)]);
      if (end !== value.length) this.#held.push(value.subarray(end));
      if (told.length > 0) return { value: told, done: false };
    }
    return { value: undefined, done: true };
  }

  async #last() {
    this.#over = true;
    const { outcome, cost } = await this.#settlement;
    const held = join(this.#held);
    const value = this.#isStream && outcome === "ok" ? this.#told(held, cost) : held;
    return value.length > 0 ? { value, done: false } : { value: undefined, done: true };
  }

  // The index at which the stream's end begins, after which no text follows; undefined if the stream goes on.
  #endIn(bytes) {
    const { length } = bytes;
    const begun = this.#held.length > 0;
    if (!begun && !mayEnd(bytes)) return length;
    let end = begun ? undefined : length;
    for (const { from, data, value } of eventsOf(bytes)) {
      if (data === "[DONE]" || this.#reports(value)) {
        // An event with choices may contain text, whatever else it says, so everything up to it is passed on.
        if (end === length || value?.choices?.length) end = from;
      } else if (data !== "") end = length;
    }
    return end;
  }

  // The end with its price. If the end is the whole stream, a byte order mark stays at its beginning.
  #told(held, cost) {
    const begin = textOf(held).startsWith(MARK_OF_ORDER) ? MARK_OF_ORDER.length : 0;
    const { from, to } = eventsOf(held).findLast(({ value }) => this.#reports(value)) ?? { from: begin, to: begin };
    const event = withCost(held.subarray(from, to), this.#api.path, cost, dataIn);
    const all = join([held.subarray(0, from), event, held.subarray(to)]);
    return join([all.subarray(0, begin), comment(cost), all.subarray(begin)]);
  }

  #reports(value) {
    return isObject(value) && this.#api.reports(value);
  }
}

function eventsOf(bytes) {
  const events = [];
  for (let from = 0, to; from < bytes.length; from = to) {
    to = eventEnd(bytes, from);
    events.push({ from, to, ...dataOf(new TextDecoder().decode(bytes.subarray(from, to))) });
  }
  return events;
}

// One character per byte, so that an index in the text is an index in the bytes.
const textOf = (bytes) => new TextDecoder("latin1").decode(bytes);

const MARK_OF_ORDER = "\xef\xbb\xbf";

// The same for an event, with blanks in place of everything that isn't data: a comment between its lines may look like JSON.
const dataIn = (bytes) => textOf(bytes).replace(/^(?:(?:\xef\xbb\xbf)?data:|.*)/gm, ({ length }) => " ".repeat(length));

function mayEnd(bytes) {
  const text = textOf(bytes);
  return text.includes('"usage"') || text.includes("[DONE]");
}

// Adds the cost as the last member of the usage at `path`, if it has none. `body` is an answer or an event, and `read` returns its JSON.
function withCost(body, path, { usd }, read) {
  if (usd === null) return body;
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const place = placeFor("cost", read(bytes), path);
  if (place === undefined) return body;
  const { from, to, before } = place;
  return join([bytes.subarray(0, from), encoder.encode(`${before}${JSON.stringify(usd)}`), bytes.subarray(to)]);
}

const MARK = /["{}[\]]/g;
const COLON = /\s*:\s*(null\b)?/y;

// Where in a JSON text a value for `name` belongs in the object at `path`: {from, to, before}. Undefined if there is no such object, or if it already has that member.
function placeFor(name, text, path) {
  const keys = []; // the names of the open objects, from the outermost on
  let depth = 0;
  let inside = 0; // the depth of the wanted object
  let place;
  const isThere = () => depth === path.length && path.every((key, at) => keys[at + 1] === key);
  for (let mark = MARK.exec(text); mark !== null; mark = MARK.exec(text)) {
    const { index } = mark;
    if (mark[0] === '"') {
      const end = stringEnd(text, index);
      MARK.lastIndex = COLON.lastIndex = end;
      const colon = COLON.exec(text);
      if (colon === null) continue;
      keys[depth] = nameOf(text.slice(index, end));
      if (depth !== inside || keys[depth] !== name) continue;
      place = colon[1] && { from: COLON.lastIndex - "null".length, to: COLON.lastIndex, before: "" };
      inside = 0;
    } else if (mark[0] === "{" || mark[0] === "[") {
      // Of several objects with the same name the last one counts, as in JSON.parse.
      if (mark[0] === "{" && isThere()) inside = depth + 1;
      keys[++depth] = undefined;
    } else {
      if (depth === inside) {
        place = { from: index, to: index, before: `${keys[depth] === undefined ? "" : ","}"${name}":` };
        inside = 0;
      }
      depth--;
    }
  }
  return place;
}

// The name itself, however its letters are escaped.
const nameOf = (literal) => (literal.includes("\\") ? parse(literal) : literal.slice(1, -1)) ?? "";

function stringEnd(text, from) {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
  return text.length;
}
