// Answers with embeddings, as numbers or base64, through the package: either the floats that JSON.parse and atob give, or a refusal.
import assert from "node:assert/strict";
import { head, pieces } from "./input.mjs";

const MOST = 16; // inputs

let client;
let parts = [];

/** The first line holds the sizes of the network chunks. `HuggingFace` is the package's. */
export async function hold(data, { HuggingFace, APIError }) {
  client ??= new HuggingFace({ apiKey: "hf_key", baseURL: "http://127.0.0.1:9/v1", fetch: answer, embeddings: { batchSize: MOST }, retry: false, limits: {} });
  const [sizes, bytes] = head(data);
  parts = pieces(bytes, sizes);
  const value = parsed(bytes);
  const plain = plainRows(value);
  const list = plain ?? listRows(value);
  const input = Array.from({ length: list?.length ?? 1 }, () => "text");
  let found;
  try {
    found = await client.embeddings.create({ model: "org/model", input });
  } catch (error) {
    assert.ok(error instanceof APIError, error.stack);
    assert.equal(plain, undefined, error.stack);
    return;
  }
  assert.notEqual(value, undefined, "what is taken is JSON");
  for (const [at, row] of (list ?? []).entries()) assertRow(found.data[at].embedding, row);
}

async function answer() {
  const body = new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(new Uint8Array(part));
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}

function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

const isRow = (row) => Array.isArray(row) && row.length > 0 && row.every((value) => typeof value === "number" && Number.isFinite(Math.fround(value)));

/** Rows of equal length whose values are certainly numbers; these are never refused. */
function plainRows(value) {
  const rows = Array.isArray(value) && value.length <= MOST && value.length > 0 ? value : [];
  return rows.length > 0 && rows.every((row) => isRow(row) && row.length === rows[0].length) ? rows : undefined;
}

/** The rows of an OpenAI-like answer in the order of their indexes, if they are embeddings. */
function listRows(value) {
  const data = Array.isArray(value?.data) && value.data.length <= MOST ? value.data : [];
  const rows = [];
  for (const [at, entry] of data.entries()) rows[typeof entry?.index === "number" ? entry.index : at] = entry?.embedding;
  const whole = rows.length === data.length && Array.from(rows).every((row) => isRow(row) || typeof row === "string");
  return data.length > 0 && whole ? rows : undefined;
}

function assertRow(found, row) {
  const expected = typeof row === "string" ? floatsOf(row) : row;
  assert.equal(found.length, expected.length);
  for (const [at, number] of expected.entries()) assert.ok(isNearest(found[at], number), `${number} at ${at} became ${found[at]}`);
}

function floatsOf(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

// If a number's double is half-way between two floats, the number itself may be nearer to the one to which the double isn't rounded.
function isNearest(float, number) {
  const rounded = Math.fround(number);
  return Object.is(float, rounded) || (Math.abs(float - number) === Math.abs(rounded - number) && float !== rounded);
}
