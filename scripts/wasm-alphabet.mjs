// Chooses the character that stands for each value of the module in wasm-text.js. brotli predicts each character from the kinds of the two characters
// before it. So values that are usually followed by the same values get characters of the same kind. This makes the text 2 % smaller after compression.
import { brotliCompressSync } from "node:zlib";
import { CHARACTERS, PREFIXES, encode, frequent } from "../pkg-template/wasm-text.js";

// The kinds of characters by RFC 7932, section 7.1: first those of the last character (all others are one more kind), then those of the character before it.
const LAST = [" ", "\"'", "%", "(<[{", ")>]}", ",:;", ".", "=", "0123456789", "AEIOU", "BCDFGHJKLMNPQRSTVWXYZ", "aeiou", "bcdfghjklmnpqrstvwxyz"];
const BEFORE = [/ /, /[0-9A-Z]/, /[a-z]/];
const lastKind = (character) => 4 * (LAST.findIndex((kind) => kind.includes(character)) + 1);
const kindBefore = (character) => BEFORE.findIndex((kind) => kind.test(character)) + 1;

const CODES = Array.from(CHARACTERS, (character) => character.charCodeAt(0));
const ALL = 128; // codes of ASCII
const LATER = 128; // added to the code of a character after a prefix, which stands for another value than the character alone
// brotli writes repeated passages as copies and not by prediction. So each further occurrence counts less.
const COPIES = 0.6;
const SWEEPS = 2;
// Where a search ends depends on where it begins. The best of five is half a kilobyte smaller than the first; later ones gain little.
const SEARCHES = 5;

/** Returns the values that one character stands for, in the order of the characters. */
export function alphabet(bytes) {
  const values = frequent(bytes);
  const runs = triples(encode(bytes, values)[1].join(""));
  const random = seeded(1);
  let best;
  for (let search = 0; search < SEARCHES; search++) {
    const found = improved(values, runs, search === 0 ? CODES : shuffled(CODES, random));
    const size = brotliCompressSync(encode(bytes, found)[1].join("")).length;
    if (best === undefined || size < best.size) best = { found, size };
  }
  return best.found;
}

/** The values in the order that a search finds which begins with these codes for them. */
function improved(values, runs, codes) {
  const guesses = new Guesses(runs, codes);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const [at, one] of CODES.entries()) for (const other of CODES.slice(at + 1)) guesses.swapIfBetter(one, other);
  }
  const order = [];
  for (const [at, code] of CODES.entries()) order[CODES.indexOf(guesses.codeOf[code])] = values[at];
  return order;
}

function shuffled(list, random) {
  const places = list.map((item) => [random(), item]);
  return places.sort(([a], [b]) => a - b).map(([, item]) => item);
}

// The same numbers each time, so that the same module becomes the same text.
function seeded(state) {
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Returns each different run of three characters in a text with its weight: [[first, second, third, weight]]. */
function triples(text) {
  const counts = new Map();
  let [first, second] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const third = text.charCodeAt(at) + (at > 0 && PREFIXES.includes(text[at - 1]) ? LATER : 0);
    const run = (first << 16) | (second << 8) | third;
    counts.set(run, (counts.get(run) ?? 0) + 1);
    [first, second] = [second, third];
  }
  return [...counts].filter(([, count]) => count > 1).map(([run, count]) => [run >> 16, (run >> 8) & 255, run & 255, count ** COPIES]);
}

/** What brotli knows before each character, and how well it can guess it by that. */
class Guesses {
  codeOf = Uint8Array.from({ length: 2 * ALL }, (_, code) => code % ALL);
  #triples;
  #of = Array.from({ length: 2 * ALL }, () => []); // the triples that a code is in
  #last = Uint8Array.from({ length: ALL }, (_, code) => lastKind(String.fromCharCode(code)));
  #before = Uint8Array.from({ length: ALL }, (_, code) => kindBefore(String.fromCharCode(code)));
  #counts = new Float64Array(64 * ALL); // of the characters behind each pair of kinds
  #sums = new Float64Array(64);

  /** `codes`: those that stand for the characters at the beginning. */
  constructor(triples, codes) {
    this.#triples = triples;
    for (const [at, code] of CODES.entries()) this.codeOf[code] = codes[at];
    for (const [at, [first, second, third]] of triples.entries()) {
      for (const code of new Set([first, second, third])) this.#of[code].push(at);
      this.#add(at, 1);
    }
  }

  /** Gives two codes each other's place, unless the text would be longer for it. */
  swapIfBetter(one, other) {
    const { codeOf } = this;
    if (this.#last[codeOf[one]] === this.#last[codeOf[other]] && this.#before[codeOf[one]] === this.#before[codeOf[other]]) return;
    const touched = [...new Set([...this.#of[one], ...this.#of[other]])];
    const swap = () => {
      let bits = 0;
      for (const at of touched) bits += this.#add(at, -1);
      [codeOf[one], codeOf[other]] = [codeOf[other], codeOf[one]];
      for (const at of touched) bits += this.#add(at, 1);
      return bits;
    };
    if (swap() >= 0) swap();
  }

  // Gives how many bits more there are.
  #add(at, times) {
    const [first, second, third, weight] = this.#triples[at];
    const kinds = this.#last[this.codeOf[second]] + this.#before[this.codeOf[first]];
    return entropyOf(this.#sums, kinds, times * weight) - entropyOf(this.#counts, kinds * ALL + this.codeOf[third], times * weight);
  }
}

// By how much x·log₂x grows with an entry.
function entropyOf(counts, at, more) {
  const before = counts[at];
  counts[at] = before + more;
  return part(counts[at]) - part(before);
}

const part = (count) => (count > 1e-9 ? count * Math.log2(count) : 0);
