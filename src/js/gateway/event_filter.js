// What of a stream's bytes is not handed on: events that nobody asked for, and what errors must not tell. A filter takes what a
// Pump has, as AS_RECEIVED does.

const LF = 10;
const CR = 13;
const NOTHING = new Uint8Array(0);
const USAGE = Uint8Array.from('"usage"', (character) => character.charCodeAt(0));

// Without the event that reports usage, for whoever didn't ask for it. That event comes at the end: nothing is
// held back before, and then only what is not a whole event yet.
export class WithoutUsage {
  #begins = true; // whether what comes next begins an event
  #last = NOTHING; // the end of what was handed on last
  #held = NOTHING;
  #halfLine = false; // what was left out ended in a CR, whose LF may follow

  take(bytes, tail, over) {
    const parts = [];
    const whole = concat(this.#held, bytes);
    let start = this.#halfLine && whole[0] === LF ? 1 : 0;
    if (whole.length > 0) this.#halfLine = false;
    let from = start; // of what is handed on as one part
    for (let end; tail && (end = eventEnd(whole, start)) > 0; start = end) {
      if (this.#begins && reportsUsage(whole.subarray(start, end))) {
        if (start > from) parts.push(whole.subarray(from, start));
        from = end;
        this.#halfLine = end === whole.length && whole[end - 1] === CR;
      }
      this.#begins = true;
    }
    const rest = over && this.#begins && reportsUsage(whole.subarray(start)) ? start : whole.length;
    const upTo = tail && this.#begins && !over ? start : rest;
    if (upTo > from) parts.push(whole.subarray(from, upTo));
    this.#held = upTo < whole.length && !over ? whole.slice(upTo) : NOTHING;
    if (!tail && bytes.length > 0) this.#follow(bytes);
    return parts;
  }

  // Called for every chunk of a stream: the usual one is looked at where it lies.
  #follow(bytes) {
    if (bytes.length < 4) bytes = concat(this.#last, bytes);
    this.#begins = endsEvent(bytes);
    this.#last = bytes.slice(-4);
  }
}

const LONGEST = 16_384; // bytes; what is longer reports no error
const EVENT = /[^]*?(?:\r\n|\n|\r(?!\n)){2}|[^]+$/g;

// What an event that says that the stream failed has in it; one without a choice may say so in other words.
const TELLS = /"(?:error\w*|base_resp)"|"choices":\s*\[?\s*(?:null|\])/;

// With what the events of a failed stream must not tell cut out by `redact`, and without a [DONE] behind a failure that no client
// would see. A frame that came in pieces has to be in one hand then, so that whole events go on: nobody can read a piece of one.
export class Redacted {
  #inner;
  #redact;
  #held = NOTHING;

  constructor(inner, redact) {
    this.#inner = inner;
    this.#redact = redact;
  }

  take(bytes, tail, over, failed, shown) {
    const whole = concat(this.#held, bytes);
    if (over) return this.#inner.take(failed ? this.#clean(whole, shown) : whole, tail, true);
    const last = lastEventEnd(whole);
    const end = whole.length - last > LONGEST ? whole.length : last;
    this.#held = end < whole.length ? whole.slice(end) : NOTHING;
    return this.#inner.take(end === whole.length ? whole : whole.subarray(0, end), tail, false);
  }

  #clean(bytes, shown) {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const tells = (event) => TELLS.test(event) || !event.includes('"choices"');
    const cleaned = text.replace(EVENT, (event) => (tells(event) ? this.#redact(event) : event));
    // Clients end there, and would take what came before it for an answer.
    const clean = shown ? cleaned : cleaned.replace(/^data: *\[DONE][^]*/m, "");
    return clean === text ? bytes : new TextEncoder().encode(clean);
  }
}

// Where the last whole event ends, looked for from the end: most chunks end with one.
function lastEventEnd(bytes) {
  for (let end = bytes.length; end > 0; end--) if (endsEvent(bytes, end)) return end;
  return 0;
}

// Where the event that begins at `from` ends, its blank line included; -1 where that has not come.
function eventEnd(bytes, from) {
  let at = from;
  for (;;) {
    const line = at;
    while (at < bytes.length && bytes[at] !== LF && bytes[at] !== CR) at++;
    if (at === bytes.length) return -1;
    const blank = at === line;
    // The LF after a CR that ends the bytes would only be a further blank line.
    at += bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1;
    if (blank) return at;
  }
}

// Of a large network chunk's events one does, and to decode the others would cost more than to hand them on.
function reportsUsage(event) {
  if (!includes(event, USAGE)) return false;
  const text = new TextDecoder().decode(event);
  const data = text.split(/\r\n|\r|\n/).filter((line) => line.startsWith("data:"));
  try {
    const chunk = JSON.parse(data.map((line) => line.slice("data:".length)).join("\n"));
    return Array.isArray(chunk.choices) && chunk.choices.length === 0 && chunk.usage !== null && typeof chunk.usage === "object" && !chunk.error;
  } catch {
    return false;
  }
}

function includes(bytes, wanted) {
  for (let at = 0; at <= bytes.length - wanted.length; at++) {
    let same = 0;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same++;
    if (same === wanted.length) return true;
  }
  return false;
}

function concat(one, other) {
  if (one.length === 0) return other;
  if (other.length === 0) return one;
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** Whether an event ends where the bytes do, or before. */
export function endsEvent(bytes, end = bytes.length) {
  let at = end - 1;
  if (bytes[at] === LF && bytes[at - 1] === CR) at--;
  return (bytes[at] === LF || bytes[at] === CR) && (bytes[at - 1] === LF || bytes[at - 1] === CR);
}
