// What a call cost, told to its caller where the operator wants that: in headers and in the usage of a whole answer, in a stream in its
// last usage and in a comment, which every parser of event streams skips. All other bytes stay what they are.

import { readable } from "./client.js";
import { encoder } from "./encoder.js";
import { dataOf, eventEnd, isEventStream, join, parse } from "./event_filter.js";
import { ENDS } from "./responses.js";

/** Of headers that pages may read. */
export const COST_HEADERS = ["X-Hfetch-Cost-Usd", "X-Hfetch-Cost-Source"];

const NOTHING = new Uint8Array(0);
const WHOLE = ["usage"]; // where a whole answer's usage stands
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

// A stream's events with the last usage, in which no text is to come any more; and where it stands.
const OF_CHAT = {
  path: ["usage"],
  reports: ({ usage, choices }) => isObject(usage) && (choices ?? []).every?.((choice) => choice?.finish_reason),
};
const OF_RESPONSES = {
  path: ["response", "usage"],
  reports: ({ type, response }) => ENDS.includes(type) && isObject(response?.usage),
};

/** Waits for a call's settlement, and gives its answers with their price. */
export class Bill {
  #api;
  #settlement;

  constructor(kind) {
    this.#api = kind === "responses" ? OF_RESPONSES : OF_CHAT;
    this.#settlement = new Promise((resolve) => (this.settle = resolve));
  }

  /** An answer that tells what it cost. That of a stream is known at its end. */
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

// What a ChunkReader gives. The end of a stream, from its last usage or [DONE] on, is held until its price is known; one that fails is
// handed on as it came, since what it cost is not what a whole answer costs.
class PricedChunks {
  #reader;
  #settlement;
  #api;
  #held = []; // in the parts that came: however many there are, each is looked at once
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

  // Where in whole events the stream's end begins, behind which is no more text; undefined where it goes on.
  #endIn(bytes) {
    const { length } = bytes;
    const begun = this.#held.length > 0;
    if (!begun && !mayEnd(bytes)) return length;
    let end = begun ? undefined : length;
    for (const { from, data, value } of eventsOf(bytes)) {
      if (data === "[DONE]" || this.#reports(value)) {
        // What has a choice may bring text whatever it says of its end: all before it is handed on.
        if (end === length || value?.choices?.length) end = from;
      } else if (data !== "") end = length;
    }
    return end;
  }

  // The end with its price. Where it is the whole stream, a mark of the byte order stays at its beginning.
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

// A character for each byte, so that a place in the text is one in the bytes.
const textOf = (bytes) => new TextDecoder("latin1").decode(bytes);

const MARK_OF_ORDER = "\xef\xbb\xbf";

// The same of an event, with blanks for all that is no data: a comment between its lines may look like JSON.
const dataIn = (bytes) => textOf(bytes).replace(/^(?:(?:\xef\xbb\xbf)?data:|.*)/gm, ({ length }) => " ".repeat(length));

function mayEnd(bytes) {
  const text = textOf(bytes);
  return text.includes('"usage"') || text.includes("[DONE]");
}

// The bytes of an answer or an event, whose JSON `read` gives, with the cost as the last member of the usage at `path` where that has none.
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

// Where in a JSON text a value for `name` belongs in the object at `path`: {from, to, before}. Undefined where there is no such object,
// or it has a value of that name.
function placeFor(name, text, path) {
  const keys = []; // of the objects around the place at hand, from the outermost on
  let depth = 0;
  let inside = 0; // the depth of the object
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
      // Of objects of one name the last one counts, as for JSON.parse.
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

// What a name is, however its letters are spelled.
const nameOf = (literal) => (literal.includes("\\") ? parse(literal) : literal.slice(1, -1)) ?? "";

function stringEnd(text, from) {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
  return text.length;
}
