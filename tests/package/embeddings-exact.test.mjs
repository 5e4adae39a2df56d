// The module reads sixteen bytes at a time. Any bytes may be in these lanes: the floats are those of JSON.parse and atob.
import assert from "node:assert/strict";
import { test } from "node:test";
import { generator } from "../endpoint/delivery.mjs";
import { hfetch } from "./setting/installed.mjs";

let body;
const answer = async () => new Response(body, { headers: { "content-type": "application/json" } });
const client = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: "http://127.0.0.1:9/v1", fetch: answer, retry: false, limits: {} });

/** The first row of an answer, or the error. */
async function rowOf(bytes) {
  body = bytes;
  try {
    return (await client.embeddings.create({ model: "m", input: "text" })).data[0].embedding;
  } catch (error) {
    assert.ok(error instanceof hfetch.APIError, String(error));
    return error;
  }
}

/** Checks that `row` holds exactly these numbers, bit by bit. */
function assertFloats(row, numbers, of) {
  assert.ok(row instanceof Float32Array, `${of}: ${row}`);
  assert.equal(row.length, numbers.length, of);
  for (const [at, number] of numbers.entries()) assert.ok(Object.is(row[at], Math.fround(number)), `${of}: ${row[at]} at ${at}`);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(Math.fround(value));

test("numbers of every length, behind each other and behind spaces", async () => {
  const random = generator(11);
  const digits = (count) => Array.from({ length: count }, () => Math.floor(random() * 10)).join("");
  for (const between of [",", ", ", ",  ", " ,", ",\n"]) {
    for (let most = 1; most <= 40; most++) {
      const texts = Array.from({ length: 60 }, () => `${random() < 0.5 ? "-" : ""}${digits(1)}.${digits(1 + Math.floor(random() * most))}${random() < 0.02 ? "e-5" : ""}`);
      assertFloats(await rowOf(`[[${texts.join(between)}]]`), texts.map(Number), texts.join());
    }
  }
});

test("a byte in place of another: taken where it makes a number, refused where it does not", async () => {
  for (const number of ["-0.012345678", "0.01234567890123456789", "-7.0"]) {
    const around = Array.from({ length: 9 }, (_, index) => `${index % 2 ? "-" : ""}0.0${index + 1}23456`).join();
    for (let place = 0; place < number.length; place++) {
      for (const other of '059+-./:eE,[]" nNx\u007f\u00e9') {
        const text = `[[${around},${number.slice(0, place)}${other}${number.slice(place + 1)},${around}]]`;
        const row = await rowOf(text);
        const expected = parsed(text)?.[0];
        if (expected?.every(isNumber)) assertFloats(row, expected, text);
        else assert.ok(row instanceof hfetch.APIError, text);
      }
    }
  }
});

/** The floats in strict base64; atob ignores spaces and extra bits after the last byte. */
function floatsOf(text) {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? [...new Float32Array(new Uint8Array(bytes).buffer)] : undefined;
}

test("a byte in place of a character of base64: only the alphabet is taken", async () => {
  const bytes = Buffer.from(Float32Array.from({ length: 8 }, (_, index) => (index - 3.3) / 7).buffer);
  const [head, good, tail] = [Buffer.from('{"data":[{"embedding":"'), Buffer.from(bytes.toString("base64")), Buffer.from('"}]}')];
  const every = Array.from({ length: 256 }, (_, code) => code);
  const beside = [...Buffer.from("\0*,-./09:=@AZ[_`az{\u007f\u00e9", "latin1")];
  for (let place = 0; place < good.length - 2; place++) {
    for (const code of place === 21 || place === 37 ? every : beside) {
      const text = Buffer.from(good);
      text[place] = code;
      const row = await rowOf(Buffer.concat([head, text, tail]));
      const floats = floatsOf(text.toString("latin1"));
      if (floats?.every(Number.isFinite)) assertFloats(row, floats, text.toString("latin1"));
      else assert.ok(row instanceof hfetch.APIError, `${code} at ${place}: ${row}`);
    }
  }
});
