// Decides which bytes of a stream are passed on: whole events, without those that the caller didn't ask for, and without what errors must not reveal.

import { encoder } from "./encoder.js";

const LF = 10;
const CR = 13;
const NOTHING = new Uint8Array(0);
const BEGINNING = Uint8Array.of(LF); // stands before the first byte, since an event begins at the beginning of a line
const USAGE = Uint8Array.from('"usage"', (character) => character.charCodeAt(0));
// The member names in an event that reports a failure. An event without choices may report one in other words.
const TELLS = /"(?:error\w*|base_resp)"|"choices":\s*(?:null|\[\s*(?:null|\]))/;
const FIELD = /^\ufeff?(?:data|event|id|retry|error)?:/m;
const EVENT = /[^]*?(?:\r\n|\n|\r(?!\n)){2}|[^]+$/g;

// Limits for incomplete events: of the whole gateway, and of one stream.
const MOST_HELD = 40 << 20; // bytes
const LONGEST_EVENT = 2 << 20;
const SHORT = 64 << 10; // a stream may always hold this much
let heldByAll = 0;

// The filters that hold bytes, with the time at which the last byte arrived. A host may stop a request silently; the bytes of such a request are dropped when others need
// the room.
const holders = new Map();
const LOST = 600_000; // ms

function makeRoom() {
  for (const [filter, since] of holders) if (performance.now() - since > LOST) filter.lose();
}

const asItCame = (given) => given;

/** Whether bytes begin like an event. */
export const isEventStream = (bytes) => FIELD.test(new TextDecoder().decode(bytes));

/** Whether an event's value is a failure for clients of chat completions. */
export const hasError = (value) => Boolean(value?.error);

/**
 * Filters what a Pump passes on, with the same members as AS_RECEIVED. An incomplete event is held back, also from the decoder: nobody could read it, and whatever the
 * gateway wrote after it would become a part of it. `usage`: the caller asked for the event that reports usage, which is left out otherwise. `keyless` removes the
 * operator's keys from bytes. `redact` removes what a failed stream's errors must not reveal. `tells`: whether clients take an event's value for a failure.
 */
export class WholeEvents {
  told = false; // whether an event has reported the failure in a form that clients know
  #usage;
  #keyless;
  #redact;
  #tells;
  #held = [];
  #size = 0; // of the held bytes
  #lost = false; // the held bytes were dropped to make room for others, so the stream can't go on
  #end = BEGINNING; // the last bytes so far, since the end of an event may be split between two chunks
  #begun = false; // an event has been passed on, so the body is an event stream
  #halfLine = false; // an event that was left out ended with a CR, whose LF may follow

  constructor({ usage = true, keyless = asItCame, redact = asItCame, tells = hasError } = {}) {
    this.#usage = usage;
    this.#keyless = keyless;
    this.#redact = redact;
    this.#tells = tells;
  }

  /** The part to pass on of the bytes that `whole` has returned. */
  take(whole, tail, over, failed) {
    this.#begun ||= whole.length > 0 && isEventStream(whole);
    if (!over) return this.#asked(this.#keyless(whole), tail);
    const events = this.#keyless(join([whole, ended(this.held(), failed || this.#begun)]));
    this.letGo();
    return failed ? this.#asked(this.#clean(events), tail) : this.#asked(events, tail);
  }

  /** The bytes up to the end of the last whole event; the rest is held. Undefined if too much would have to be held. */
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

  // Small pieces are joined to fewer larger ones, so that each byte is copied only a few times and no piece costs more than its bytes.
  #hold(rest) {
    if (rest.length === 0) return;
    const held = this.#held;
    held.push(rest);
    while (held.length > 1 && held.at(-2).length <= held.at(-1).length) held.push(join(held.splice(-2)));
    this.#size += rest.length;
    heldByAll += rest.length;
    holders.set(this, performance.now());
  }

  /** The bytes of an incomplete event. */
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

  // The usage event comes at the end, so no other part of the stream is searched for it.
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

  // The last events of a failed stream, up to the one that can't be parsed or reports the failure, without what must not be revealed.
  #clean(bytes) {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    let over = false;
    const clean = text.replace(EVENT, (event) => {
      const { data, value } = dataOf(event);
      // An event with its own name may contain anything. After [DONE] no client looks for a failure.
      over ||= data !== "" && value === undefined && !/^event:(?! *(?:message|error) *$)/m.test(event);
      if (over) return "";
      over = this.told = this.#tells(value);
      return TELLS.test(event) || !event.includes('"choices"') ? this.#redact(event) : event;
    });
    return clean === text ? bytes : encoder.encode(clean);
  }
}

/** The data of an event, and its value if the data is JSON. */
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

// The end of a body after its last whole event. An event without a blank line gets one; half an event is dropped. Lines that only a line end separates are read one by
// one. A body that isn't an event stream is the whole answer of a server that doesn't stream; it is passed on unchanged, since the call has succeeded with it.
function ended(rest, hasEvents) {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(rest);
  if (/^(?::[^\r\n]*[\r\n]|[\r\n])*$/.test(text)) return rest;
  if (!hasEvents && !FIELD.test(text)) return rest;
  const { data, value } = dataOf(text);
  const isWhole = value !== undefined || (data !== "" && data.split("\n").every(isFrame));
  return isWhole ? join([rest, encoder.encode(text.endsWith("\n") ? "\n" : "\n\n")]) : NOTHING;
}

const isFrame = (line) => /^\s*(?::[^]*|\[DONE\]\s*)?$/.test(line) || parse(line) !== undefined;

// The index at which the last whole event ends. The search begins at the end, since most chunks end with an event.
function lastEventEnd(bytes) {
  for (let end = bytes.length; end > 0; end--) if (endsEvent(bytes, end)) return end;
  return 0;
}

/** The index at which the event that begins at `from` ends, including its blank line; the end of the bytes if it is incomplete. */
export function eventEnd(bytes, from) {
  let at = from;
  for (;;) {
    const line = at;
    while (at < bytes.length && bytes[at] !== LF && bytes[at] !== CR) at++;
    if (at === bytes.length) return at;
    const blank = at === line;
    // If the bytes end with a CR, a LF after it would only be another blank line.
    at += bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1;
    if (blank) return at;
  }
}

// In a large network chunk only one event reports usage; decoding all others would cost more than passing them on.
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

/** Whether an event ends at `end` or before. */
export function endsEvent(bytes, end = bytes.length) {
  let at = end - 1;
  if (bytes[at] === LF && bytes[at - 1] === CR) at--;
  return (bytes[at] === LF || bytes[at] === CR) && (bytes[at - 1] === LF || bytes[at - 1] === CR);
}
