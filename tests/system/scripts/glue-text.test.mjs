// wasm-bindgen's glue makes its TextDecoder and TextEncoder when the module starts, and not on import.
import assert from "node:assert/strict";
import { test } from "node:test";
import { postponeText } from "../../../scripts/glue-text.mjs";

const DECODER = "let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });\ncachedTextDecoder.decode();\n";
const RENEWAL = "function decodeText(bytes) {\n    cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });\n    return cachedTextDecoder.decode(bytes);\n}\n";
const ENCODER = "const cachedTextEncoder = new TextEncoder();\n\nif (!('encodeInto' in cachedTextEncoder)) {\n    cachedTextEncoder.encodeInto = function (arg, view) {\n        view.set(arg);\n    };\n}\n";

test("both are made by a function, and the rest stays", () => {
  const later = postponeText(`const before = 1;\n${DECODER}${RENEWAL}\n${ENCODER}\nlet WASM_VECTOR_LEN = 0;\n`);
  const [top, ...rest] = later.split("export function prepareText() {\n");
  assert.doesNotMatch(top, /new Text/);
  assert.match(rest.join(""), /^ +cachedTextDecoder = new TextDecoder.*\n +cachedTextEncoder = new TextEncoder\(\);\n\}\n/);
  assert.ok(later.includes(RENEWAL) && later.includes("let WASM_VECTOR_LEN = 0;") && !later.includes("encodeInto"));
});

for (const [name, glue] of Object.entries({
  "another way to make the decoder": `${DECODER.replace("'utf-8'", '"utf-8"')}${ENCODER}`,
  "no encoder": DECODER,
  "a second encoder": `${DECODER}${ENCODER}const second = new TextEncoder();\n`,
  "nothing of it": "let wasm;\n",
})) {
  test(`${name}: nobody guesses`, () => assert.equal(postponeText(glue), null));
}
