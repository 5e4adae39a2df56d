// What of a stream's bytes is handed on: whole events, without those that nobody asked for and without what errors must not tell.

import { encoder } from "./encoder.js";

const LF = 10;
const CR = 13;
const NOTHING = new Uint8Array(0);
const BEGINNING = Uint8Array.of(LF); // what comes first, and what follows an event, begins a line
const USAGE = Uint8Array.from('"usage"', (character) => character.charCodeAt(0));
// What an event that says that the stream failed has in it; one without a choice may say so in other words.
const TELLS = /"(?:error\w*|base_resp)"|"choices":\s*(?:null|\[\s*(?:null|\]))/;
const FIELD = /^\ufeff?(?:data|event|id|retry|error)?:/m;
const EVENT = /[^]*?(?:\r\n|\n|\r(?!\n)){2}|[^]+$/g;

// Of an event that has not come whole: what a gateway has of them in all, and in one.
const MOST_HELD = 40 << 20; // bytes
const LONGEST_EVENT = 2 << 20;
const SHORT = 64 << 10; // so much each may have whatever the others do
let heldByAll = 0;

// Who holds something, and since when no more of it has come. A host may stop a request without a word: what that one held is let go
// when others need the room.
const holders = new Map();
const LOST = 600_000; // ms

function makeRoom() {
  for (const [filter, since] of holders) if (performance.now() - since > LOST) filter.lose();
}

const asItCame = (given) => given;

/** Whether bytes begin as events do. */
export const isEventStream = (bytes) => FIELD.test(new TextDecoder().decode(bytes));

/** What clients of chat completions take for a failure. */
export const hasError = (value) => Boolean(value?.error);

/**
 * Takes what a Pump has, as AS_RECEIVED does. An event that has not come whole is held back, from the decoder too: of one that never does
 * nobody could make anything, and what is told after it would become a part of it. `usage`: the event that reports usage was asked for; without it
 * that one is left out. `keyless`: bytes without keys of the operator's. `redact`: what of a failed stream's errors may be told. `tells`: whether an event's value is one that clients take for a failure.
 */
export class WholeEvents {
  told = false; // whether an event has reported the failure in the words that clients know
  #usage;
  #keyless;
  #redact;
  #tells;
  #held = [];
  #size = 0; // of what is held
  #lost = false; // what was held has been let go for others: the stream can't go on
  #end = BEGINNING; // the last bytes so far: the end of an event may go on in what comes next
  #begun = false; // an event has been handed on: the body is an event stream
  #halfLine = false; // what was left out ended in a CR, whose LF may follow

  constructor({ usage = true, keyless = asItCame, redact = asItCame, tells = hasError } = {}) {
    this.#usage = usage;
    this.#keyless = keyless;
    this.#redact = redact;
    this.#tells = tells;
  }

  /** What `whole` has given. */
  take(whole, tail, over, failed) {
    this.#begun ||= whole.length > 0 && isEventStream(whole);
    if (!over) return this.#asked(this.#keyless(whole), tail);
    const events = this.#keyless(join([whole, ended(this.held(), failed || this.#begun)]));
    this.letGo();
    return failed ? this.#asked(this.#clean(events), tail) : this.#asked(events, tail);
  }

  /** What has come up to the end of the last whole event; the rest is held. Nothing at all where that is too much. */
  whole(bytes) {
    const last = join([this.#end, bytes]);
    const end = lastEventEnd(last) - this.#end.length;
    const held = this.#held;
    if (end > 0) this.letGo();
    this.#hold(bytes.slice(Math.max(0, end)));
    if (heldByAll > MOST_HELD) makeRoom();
    if (this.#lost || this.#size > LONGEST_EVENT || (heldByAll > MOST_HELD && this.#size > SHORT)) return undefined;
    this.#end = (end > 0 ? join([BEGINNING, bytes.subarray(end)]) : last).slice(-3);
    return end > 0 ? join([...held, end === bytes.length ? bytes : bytes.subarray(0, end)]) : NOTHING;
  }

  // Of many small pieces few large ones are made, so that each byte is copied a few times and none costs more than a byte.
  #hold(rest) {
    if (rest.length === 0) return;
    const held = this.#held;
    held.push(rest);
    while (held.length > 1 && held.at(-2).length <= held.at(-1).length) held.push(join(held.splice(-2)));
    this.#size += rest.length;
    heldByAll += rest.length;
    holders.set(this, performance.now());
  }

  /** What has come of an event that is not whole. */
  held() {
    return join(this.#held);
  }

  lose() {
    this.#lost = true;
    this.letGo();
  }

  letGo() {
    holders.delete(this);
    heldByAll -= this.#size;
    this.#held = [];
    this.#size = 0;
  }

  // That event comes at the end, so that no other part of the stream is looked through.
  #asked(events, tail) {
    let from = this.#halfLine && events[0] === LF ? 1 : 0;
    if (events.length > 0) this.#halfLine = false;
    const parts = [];
    const keep = (upTo) => upTo > from && parts.push(from === 0 && upTo === events.length ? events : events.subarray(from, upTo));
    for (let start = from, end; !this.#usage && tail && start < events.length; start = end) {
      end = eventEnd(events, start);
      if (!reportsUsage(events.subarray(start, end))) continue;
      keep(start);
      from = end;
      this.#halfLine = end === events.length && events[end - 1] === CR;
    }
    keep(events.length);
    return parts;
  }

  // The last events of a failed stream: up to the one that can't be read or reports the failure, and without what must not be told.
  #clean(bytes) {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    let over = false;
    const clean = text.replace(EVENT, (event) => {
      const { data, value } = dataOf(event);
      // An event with a name of its own may hold anything. Behind [DONE] no client looks for what the failure is told by.
      over ||= data !== "" && value === undefined && !/^event:(?! *(?:message|error) *$)/m.test(event);
      if (over) return "";
      over = this.told = this.#tells(value);
      return TELLS.test(event) || !event.includes('"choices"') ? this.#redact(event) : event;
    });
    return clean === text ? bytes : encoder.encode(clean);
  }
}

/** The data of an event, and its value where that is JSON. */
export function dataOf(event) {
  const lines = event.split(/\r\n|\r|\n/).filter((line) => line.startsWith("data:"));
  const text = lines.map((line) => line.slice("data:".length)).join("\n");
  return { data: text.trim(), value: parse(text) };
}

/** The value of a JSON text, or undefined. */
export function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// What a body ends with behind its last whole event: an event without a blank line, which it gets, or half of one, which is nothing.
// Frames that only a line end parts are read one by one. A body that is no event stream is the whole answer of a server that doesn't
// stream: the call has ended well with it, so it is handed on as it came.
function ended(rest, hasEvents) {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(rest);
  if (/^(?::[^\r\n]*[\r\n]|[\r\n])*$/.test(text)) return rest;
  if (!hasEvents && !FIELD.test(text)) return rest;
  const { data, value } = dataOf(text);
  const isWhole = value !== undefined || (data !== "" && data.split("\n").every(isFrame));
  return isWhole ? join([rest, encoder.encode(text.endsWith("\n") ? "\n" : "\n\n")]) : NOTHING;
}

const isFrame = (line) => /^\s*(?::[^]*|\[DONE\]\s*)?$/.test(line) || parse(line) !== undefined;

// Where the last whole event ends, looked for from the end: most chunks end with one.
function lastEventEnd(bytes) {
  for (let end = bytes.length; end > 0; end--) if (endsEvent(bytes, end)) return end;
  return 0;
}

/** Where the event that begins at `from` ends, its blank line included; the end of the bytes where that has not come. */
export function eventEnd(bytes, from) {
  let at = from;
  for (;;) {
    const line = at;
    while (at < bytes.length && bytes[at] !== LF && bytes[at] !== CR) at++;
    if (at === bytes.length) return at;
    const blank = at === line;
    // The LF after a CR that ends the bytes would only be a further blank line.
    at += bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1;
    if (blank) return at;
  }
}

// Of a large network chunk's events one does, and to decode the others would cost more than to hand them on.
function reportsUsage(event) {
  if (!includes(event, USAGE)) return false;
  const { value: chunk } = dataOf(new TextDecoder().decode(event));
  return Array.isArray(chunk?.choices) && chunk.choices.length === 0 && chunk.usage !== null && typeof chunk.usage === "object" && !chunk.error;
}

function includes(bytes, wanted) {
  for (let at = 0; at <= bytes.length - wanted.length; at++) {
    let same = 0;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same++;
    if (same === wanted.length) return true;
  }
  return false;
}

export function join(parts) {
  const some = parts.filter(({ length }) => length > 0);
  if (some.length < 2) return some[0] ?? NOTHING;
  const all = new Uint8Array(some.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of some) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Whether an event ends where the bytes do, or before. */
export function endsEvent(bytes, end = bytes.length) {
  let at = end - 1;
  if (bytes[at] === LF && bytes[at - 1] === CR) at--;
  return (bytes[at] === LF || bytes[at] === CR) && (bytes[at - 1] === LF || bytes[at - 1] === CR);
}
