// Removes the operator's keys from what a model's server sends. Every byte is searched before it is passed on.

import { redacted } from "./client.js";
import { encoder } from "./encoder.js";

const HEAD = 8; // letters: every secret that is searched for is at least this long
const BACKSLASH = 92;
// The characters after a backslash in ordinary texts: ", b, f, n, r, t.
const ORDINARY = [34, 98, 102, 110, 114, 116];

let known = { text: "", heads: [] };

/** The bytes without any of the secrets, in whatever way JSON spells them. If there are none, the result is the same array. */
export function withoutKeys(bytes, secrets) {
  if (!mayHold(bytes, searchOf(secrets))) return bytes;
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const clean = redacted(text, secrets);
  return clean === text ? bytes : encoder.encode(clean);
}

// The search tables are made once, since a gateway's keys are the same for every answer.
function searchOf(secrets) {
  const text = secrets.join("\n");
  if (text !== known.text) known = { text, heads: secrets.map(headOf), escaped: /[^\x20-\x7e]|["\\]/.test(text) };
  return known;
}

// The beginning of a secret, and how far the search may skip after each byte that isn't its last (Boyer–Moore–Horspool).
function headOf(secret) {
  const head = encoder.encode(secret).subarray(0, HEAD);
  const skips = new Uint8Array(256).fill(HEAD);
  for (let at = 0; at < HEAD - 1; at++) skips[head[at]] = HEAD - 1 - at;
  return { head, skips };
}

// Whether a chunk needs a closer look. Most don't, so this check must cost next to nothing.
function mayHold(bytes, { heads, escaped }) {
  return heads.some(({ head, skips }) => begins(bytes, head, skips)) || hasEscape(bytes, escaped);
}

function begins(bytes, head, skips) {
  for (let end = HEAD - 1; end < bytes.length; end += skips[bytes[end]]) {
    let at = HEAD - 1;
    while (at >= 0 && bytes[end - HEAD + 1 + at] === head[at]) at--;
    if (at < 0) return true;
  }
  return false;
}

// Whether a letter of a key may be written as an escape; `any`: the keys contain letters that JSON must escape.
function hasEscape(bytes, any) {
  for (let at = bytes.indexOf(BACKSLASH); at >= 0; at = bytes.indexOf(BACKSLASH, at)) {
    while (bytes[at] === BACKSLASH) at++;
    if (any || !(ORDINARY.includes(bytes[at]) || isForeign(bytes, at))) return true;
  }
  return false;
}

// Whether the escape stands for a character outside printable ASCII: \u4f60, \u00e9, \u001b. Its digits may be escaped themselves.
function isForeign(bytes, at) {
  const [first, second, third] = [bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  if (bytes[at] !== 117 || [first, second, third].includes(BACKSLASH)) return false;
  return first !== 48 || second !== 48 || !(third >= 50 && third <= 55);
}
