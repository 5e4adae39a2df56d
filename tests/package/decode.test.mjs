// Chunks equal the results of JSON.parse for their events, whatever surrounds the text: a decoder that compares neighbouring events could go wrong
// where these are almost equal. The shapes are random, from fixed seeds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MODEL, PROMPT, drain, hfetch } from "./setting/installed.mjs";

const KEYS = ["a", "b", "content", "1", "2", "id", "__proto__", "constructor", "toString", "é", "x y", "delta", "choices2", "usage", "10"];
const STRINGS = ["", "a", " the", "\n", '"', "\\", "😀", "é", "\ud83d", "\ufeff", "日本語", "x".repeat(40), "</script>", "\u2028", "\u0080\u07ff\u0800\uffff", "\u{10000}\u{10ffff}", "0"];
const NUMBERS = ["0", "-0", "1", "1.5", "1e400", "9007199254740993", "1758144596", "-3.25", "1e-7", "123456789012345680000", "0.1", "3859899181302555600", "-0.0", "1E5"];

/** A small random generator, so that a failure can be reproduced. */
function random(seed) {
  let state = seed;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const below = (n) => Math.floor(next() * n);
  return { next, below, pick: (list) => list[below(list.length)] };
}

// S and N stand for a string and a number that change from event to event, A for a value of any kind.
function shape(dice, depth) {
  const kind = dice.next();
  if (depth > 3 || kind < 0.45) return dice.pick(["S", "S", "N", "N", "A", "null", "true", "[]", "{}", "[N]", "[N,N]", "[N,N,N,N,N]"]);
  if (kind < 0.6) return `[${Array.from({ length: dice.below(3) }, () => shape(dice, depth + 1)).join(",")}]`;
  const members = Array.from({ length: dice.below(5) }, () => `${JSON.stringify(dice.pick(KEYS))}:${shape(dice, depth + 1)}`);
  return `{${members.join(dice.next() < 0.1 ? " , " : ",")}}`;
}

function string(dice) {
  const text = dice.pick(STRINGS) + dice.pick(STRINGS);
  if (dice.next() > 0.3) return JSON.stringify(text);
  const units = Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`);
  return `"${units.join("")}"`;
}

const ANY = ["null", "true", "false", "N", "S", "[]", "[N,N]", "[S,null]", '{"a":S}', '{"b":N,"b":S}', '{"__proto__":S}', "[[{}]]"];

function fill(dice, template) {
  const tokens = /"(?:[^"\\]|\\.)*"|S|N|A/g;
  const values = { S: () => string(dice), N: () => dice.pick(NUMBERS), A: () => fill(dice, dice.pick(ANY)) };
  return template.replace(tokens, (token) => values[token]?.() ?? token);
}

async function chunks(bytes, size) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size));
  const body = new ReadableStream({ pull: (stream) => (pieces.length > 0 ? stream.enqueue(pieces.shift()) : stream.close()) });
  const fetch = async () => new Response(body, { headers: { "content-type": "text/event-stream" } });
  const hf = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, fetch });
  return drain(await hf.chat.completions.create({ messages: PROMPT, stream: true }));
}

// No chunk may share an object with another: a reader's change in one must not show in the next.
function collect(value, seen) {
  if (typeof value !== "object" || value === null) return;
  assert.ok(!seen.has(value), "two chunks share an object");
  seen.add(value);
  for (const key of Object.keys(value)) collect(value[key], seen);
}

for (const seed of [1, 2, 3, 4]) {
  test(`random envelopes, seed ${seed}`, async () => {
    const dice = random(seed);
    for (let stream = 0; stream < 150; stream++) {
      const shapes = Array.from({ length: 1 + dice.below(3) }, () => `{"choices":[{"index":0,"delta":{"content":S}}],"v":${shape(dice, 0)}}`);
      const payloads = Array.from({ length: 3 + dice.below(30) }, () => fill(dice, dice.pick(shapes)));
      const end = dice.pick(["\n\n", "\n\n", "\r\n\r\n", "\r\r"]);
      const bytes = new TextEncoder().encode([...payloads, "[DONE]"].map((payload) => `data: ${payload}${end}`).join(""));
      const { items, error } = await chunks(bytes, dice.pick([7, 100, 1000, 1 << 20]));
      assert.equal(error, null);
      assert.equal(items.length, payloads.length);
      const seen = new Set();
      for (const [at, payload] of payloads.entries()) {
        const expected = JSON.parse(payload);
        assert.deepStrictEqual(items[at], expected, payload);
        assert.equal(JSON.stringify(items[at]), JSON.stringify(expected), payload);
        collect(items[at], seen);
      }
    }
  });
}

// The module examines eight and sixteen bytes together. So each odd byte is put at every place of three blocks, in a text and in a name, both where the decoder
// has learned the shape of an event and where it hasn't.
for (const { name, raw, bad } of [
  { name: "a quote", raw: '\\"' },
  { name: "a backslash", raw: "\\\\" },
  { name: "two backslashes", raw: "\\\\\\\\" },
  { name: "an escape of four digits", raw: "\\u00e9" },
  { name: "escapes in a row", raw: '\\n\\"\\u00E9\\\\\\ud83d\\ude00\\/\\b\\f\\r\\t\\u0041' },
  { name: "a letter of two bytes", raw: "é" },
  { name: "a letter of three bytes", raw: "日" },
  { name: "a letter of four bytes", raw: "😀" },
  { name: "half a character", raw: "\\ud83d" },
  { name: "a delete", raw: "\u007f" },
  { name: "a tab as it is", raw: "\t", bad: true },
  { name: "a control character as it is", raw: "\u001f", bad: true },
  { name: "no escape", raw: "\\x", bad: true },
  { name: "three digits and a letter", raw: "\\u0f9g", bad: true },
  { name: "three backslashes before a letter", raw: "\\\\\\x", bad: true },
]) {
  test(`${name}, at each place of a text and a name`, async () => {
    const event = (text, key) => `{"choices":[{"index":0,"delta":{"content":"${text}"}}],"${key}":1}`;
    const texts = [];
    for (let before = 0; before < 48; before++) {
      for (const after of [0, 1, 7, 8, 15, 16, 17]) texts.push("a".repeat(before) + raw + "b".repeat(after));
    }
    if (bad) {
      for (const text of texts) {
        const payloads = [event("one", "v"), event("two", "v"), event("three", "v"), event(text, "v")];
        const { items, error } = await chunks(new TextEncoder().encode(payloads.map((payload) => `data: ${payload}\n\n`).join("")), 1 << 20);
        assert.deepEqual([items.length, error?.name], [3, "StreamError"], JSON.stringify(text));
      }
      return;
    }
    const payloads = [...texts.map((text) => event(text, "v")), ...texts.map((text) => event("t", text))];
    const bytes = new TextEncoder().encode([...payloads, "[DONE]"].map((payload) => `data: ${payload}\n\n`).join(""));
    const { items, error } = await chunks(bytes, 1 << 20);
    assert.equal(error, null);
    assert.deepStrictEqual(items, payloads.map((payload) => JSON.parse(payload)));
  });
}

test("texts of any length with anything in them, of an event by itself", async () => {
  const dice = random(5);
  for (let stream = 0; stream < 60; stream++) {
    const text = () => JSON.stringify(Array.from({ length: dice.pick([1, 20, 3000]) }, () => dice.pick(STRINGS)).join("")).replace(/[\u0080-\uffff]/g, (unit) => (dice.next() < 0.5 ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`));
    const call = () => `{"index":0,"id":"a","function":{"name":"f","arguments":${text()}}}`;
    const payloads = Array.from({ length: 4 }, () => `{"choices":[{"index":0,"delta":{"content":${text()},"reasoning":${text()},"tool_calls":[${call()}]}}],"v":${text()}}`.toWellFormed());
    const bytes = new TextEncoder().encode([...payloads, "[DONE]"].map((payload) => `data: ${payload}\n\n`).join(""));
    const { items, error } = await chunks(bytes, dice.pick([1000, 16384, 1 << 20]));
    assert.equal(error, null);
    assert.deepStrictEqual(items, payloads.map((payload) => JSON.parse(payload)));
  }
});
