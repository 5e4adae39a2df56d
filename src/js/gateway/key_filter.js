// Keys of the operator's in what a model's server sends: every byte that is handed on is looked through, and they are cut out.

import { redacted } from "./client.js";
import { encoder } from "./encoder.js";

const HEAD = 8; // letters: no secret that is looked for is shorter
const BACKSLASH = 92;
// What ordinary texts have behind a backslash: ", b, f, n, r, t.
const ORDINARY = [34, 98, 102, 110, 114, 116];

let known = { text: "", heads: [] };

/** Bytes without any of the secrets, in whatever way JSON spells them; the same bytes where there are none. */
export function withoutKeys(bytes, secrets) {
  if (!mayHold(bytes, searchOf(secrets))) return bytes;
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const clean = redacted(text, secrets);
  return clean === text ? bytes : encoder.encode(clean);
}

// A search is made once: a gateway's keys are the same for every answer.
function searchOf(secrets) {
  const text = secrets.join("\n");
  if (text !== known.text) known = { text, heads: secrets.map(headOf), escaped: /[^\x20-\x7e]|["\\]/.test(text) };
  return known;
}

// How a secret begins, and how far one may skip behind each byte that is not its last.
function headOf(secret) {
  const head = encoder.encode(secret).subarray(0, HEAD);
  const skips = new Uint8Array(256).fill(HEAD);
  for (let at = 0; at < HEAD - 1; at++) skips[head[at]] = HEAD - 1 - at;
  return { head, skips };
}

// Whether it is worth a closer look. Most chunks end here, so that this must cost next to nothing.
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

// Whether a letter of a key may be spelled otherwise; `any`: letters of the keys have to be, in JSON.
function hasEscape(bytes, any) {
  for (let at = bytes.indexOf(BACKSLASH); at >= 0; at = bytes.indexOf(BACKSLASH, at)) {
    while (bytes[at] === BACKSLASH) at++;
    if (any || !(ORDINARY.includes(bytes[at]) || isForeign(bytes, at))) return true;
  }
  return false;
}

// Of no letter that is ASCII: \u4f60, \u00e9, \u001b. The digits may be spelled by escapes themselves.
function isForeign(bytes, at) {
  const [first, second, third] = [bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  if (bytes[at] !== 117 || [first, second, third].includes(BACKSLASH)) return false;
  return first !== 48 || second !== 48 || !(third >= 50 && third <= 55);
}
