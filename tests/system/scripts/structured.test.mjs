// The pure parts of parse() and runTools(): JSON in a text, whole or arriving, the forms in which servers are asked, and sums.
import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonText, jsonIn, partialsOf } from "../../../src/js/structured/json_text.js";
import { askedBy, formsAfter, formsFor } from "../../../src/js/structured/ladder.js";
import { sumOf } from "../../../src/js/settlement_sum.js";

let state = 7;
const below = (count) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % count;
const STRINGS = ["", "a", "\u{1f600}", "\\", '"', "\n\t", "{", "]", "```", "</think>", "__proto__", "\ud800x"];
function value(depth) {
  const kind = below(depth > 3 ? 4 : 6);
  if (kind === 0) return STRINGS[below(STRINGS.length)];
  if (kind === 1) return [0, -1.5e-7, 12345678901234567890][below(3)];
  if (kind === 2) return [true, false, null][below(3)];
  if (kind === 3) return STRINGS.map((one) => one).join("").slice(0, below(12));
  const count = below(4);
  if (kind === 4) return Array.from({ length: count }, () => value(depth + 1));
  return Object.fromEntries(Array.from({ length: count }, () => [STRINGS[below(STRINGS.length)] + below(9), value(depth + 1)]));
}
const pieces = (text) => {
  const list = [];
  for (let at = 0; at < text.length; ) list.push(text.slice(at, (at += 1 + below(5))));
  return list;
};

/** Whether an incomplete value can become the whole one. */
function leadsTo(partial, whole) {
  if (typeof partial === "string") return typeof whole === "string" && whole.startsWith(partial);
  if (partial === null || typeof partial !== "object") return Object.is(partial, whole);
  return whole !== null && typeof whole === "object" && Array.isArray(partial) === Array.isArray(whole) && Object.keys(partial).every((key) => Object.hasOwn(whole, key) && leadsTo(partial[key], whole[key]));
}

test("any value, in any pieces, among any words: what JSON.parse makes of it, and before that what leads to it", () => {
  for (let time = 0; time < 2_000; time++) {
    const whole = below(2) ? [value(0)] : { a: value(0), b: value(0) };
    const json = below(2) ? JSON.stringify(whole) : JSON.stringify(whole, null, 2).replace(/\u{1f600}/gu, "\\ud83d\\ude00");
    const text = ["", "<think>a {\"b\" [1</think>", "words {curly", "```json\n", "{{"][below(5)] + json + ["", "\n```", " and {\"more\":1}"][below(3)];
    const reader = new JsonText();
    let last;
    for (const piece of pieces(text)) {
      reader.push(piece);
      last = reader.snapshot();
      if (text === json && last !== undefined) assert.ok(leadsTo(last, whole), `${JSON.stringify(last)} of ${json}`);
    }
    assert.equal(reader.done, true, text);
    assert.deepEqual(JSON.parse(reader.text), whole, text);
    assert.deepEqual(last, JSON.parse(json), text);
    assert.deepEqual(jsonIn(text).value, JSON.parse(json), text);
  }
});

test("what is no JSON, or has no end, says so with what there is", () => {
  for (const text of ["", "no", "{", '{"a":', '{"a":"b', "[1,2", '{"a":1,}', "[".repeat(600)]) {
    const { problem, partial } = jsonIn(text);
    assert.ok(problem.length > 10, text);
    assert.ok(partial === null || typeof partial === "object", text);
  }
  assert.deepEqual(jsonIn('{"a":[1,{"b":"x').partial, { a: [1, { b: "x" }] });
  assert.equal(jsonIn("42").value, 42);
  assert.equal(jsonIn('say [1] {"a":1}', "object").value.a, 1);
});

test("a value of the reader's own each time, and a name that is no prototype", async () => {
  async function* texts() {
    for (const piece of ['{"__proto__":{"x":1},"list":[', "1", ",2", ",3]", "}"]) yield piece;
  }
  const seen = [];
  for await (const partial of partialsOf(texts())) seen.push(partial);
  assert.equal(new Set(seen).size, seen.length);
  assert.equal(seen.at(-1).x, undefined);
  assert.deepEqual(Object.keys(seen.at(-1)), ["__proto__", "list"]);
  assert.equal({}.x, undefined);
});

test("forms: what is asked first, and what after a refusal", () => {
  const forms = (given) => formsFor({ schema: {}, strict: true, model: "org/m", ...given });
  assert.deepEqual(forms(), ["strict", "schema", "json", "text"]);
  assert.deepEqual(forms({ strict: false }), ["schema", "json", "text"]);
  assert.deepEqual(forms({ mode: "json" }), ["json", "text"]);
  assert.deepEqual(forms({ mode: "text" }), ["text"]);
  assert.deepEqual(forms({ known: "json" }), ["json", "text"]);
  assert.deepEqual(forms({ known: "value" }), ["value", "text"]);
  assert.deepEqual(forms({ schema: undefined }), ["json", "text"]);
  assert.deepEqual(forms({ model: "org/m:hf-inference" }), ["value", "text"]);
  assert.deepEqual(forms({ model: "org/m:hf-inference", hasTools: true }), ["text"]);
  const offer = (supportsStructuredOutput, leftOut) => ({ offer: { supportsStructuredOutput }, leftOut });
  assert.deepEqual(forms({ offers: [offer(false), offer(true, "model")] }), ["json", "text"]);
  assert.deepEqual(forms({ offers: [offer(false), offer(true)] }), ["strict", "schema", "json", "text"]);
  assert.deepEqual(forms({ offers: [offer(false)], mode: "schema" }), ["strict", "schema", "json", "text"]);
  assert.deepEqual(formsAfter(["schema", "json", "text"], { status: 400, message: "no" }), ["json", "text"]);
  assert.deepEqual(formsAfter(["text"], { status: 400, message: "no" }), []);
  assert.deepEqual(formsAfter(["schema", "json", "text"], { status: 400, message: "no", code: "context_length_exceeded" }), []);
  assert.deepEqual(formsAfter(["schema", "json", "text"], { status: 503, message: "no" }), []);
});

test("one system message, where there is one", () => {
  const [first] = askedBy("text", { schema: { a: 1 } }, [{ role: "system", content: "Be kind." }, { role: "user", content: "x" }]).messages;
  assert.match(first.content, /^Be kind\.\n\nAnswer with JSON alone[^]*\{"a":1\}$/);
  assert.equal(askedBy("json", { schema: {} }, [{ role: "user", content: "x" }]).messages.length, 2);
});

test("a sum: counts together, and a cost that is unknown once is unknown", () => {
  const one = (total, usd, more) => ({ outcome: "ok", usage: { prompt_tokens: total, completion_tokens: 0, total_tokens: total, source: "reported" }, cost: { usd, inputUsd: usd, outputUsd: 0, source: usd === null ? "unknown" : "configured" }, attempts: 1, startedAt: 0, firstTokenMs: 1, durationMs: 5, ...more });
  const { usage, cost, attempts, durationMs } = sumOf([one(0, null), one(3, 1), one(4, 2, { startedAt: 10 })]);
  assert.deepEqual([usage.total_tokens, cost.usd, cost.source, attempts, durationMs], [7, 3, "configured", 3, 15]);
  assert.equal(sumOf([one(3, 1), one(4, null)]).cost.usd, null);
});
