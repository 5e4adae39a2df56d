// The text form of the module in the default entry: the same bytes come out, whatever a minifier does to it.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { decode, encode, frequent } from "../../../pkg-template/wasm-text.js";
import { root, run } from "../../../scripts/run.mjs";
import { alphabet } from "../../../scripts/wasm-alphabet.mjs";

const every = Uint8Array.from({ length: 256 }, (_, value) => value);
const samples = {
  nothing: new Uint8Array(),
  ...Object.fromEntries([1, 2, 3, 4, 5].map((length) => [`${length} bytes`, every.subarray(254 - length, 254)])),
  "as many characters as a piece has": new Uint8Array(65_536).fill(7),
  "one character more": new Uint8Array(65_537).fill(7),
  "every value": every,
  "every value backwards": every.toReversed(),
  "one value": new Uint8Array(1000).fill(0xff),
  "every pair of values": Uint8Array.from({ length: 2 * 65_536 }, (_, at) => (at % 2 ? (at >> 1) & 0xff : at >> 9)),
};

for (const [name, bytes] of Object.entries(samples)) {
  test(`${name}: what was encoded comes out`, () => assert.deepEqual(decode(...encode(bytes)), bytes));
}

test("the decoder is what its source says", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "hfetch-wat-"));
  t.after(() => rm(folder, { recursive: true }));
  const assembled = join(folder, "decoder.wasm");
  const [source, assembler] = ["pkg-template/wasm-text.wat", "node_modules/binaryen/bin/wasm-as"].map((path) => join(root, path));
  await run(process.execPath, [assembler, source, "-o", assembled]);
  const written = await readFile(join(root, "pkg-template/wasm-text.js"), "utf8");
  assert.equal(/DECODER =([^;]*);/.exec(written)[1].replace(/" \+\s*"|["\s]/g, ""), (await readFile(assembled)).toString("base64"));
});

test("the text needs no escape in any kind of string, nor in a page", () => {
  const [frequent, pieces] = encode(samples["every pair of values"]);
  assert.match(frequent, /^[\w+/]+=*$/);
  assert.ok(pieces.length > 1);
  assert.doesNotMatch(pieces.join(""), /[^ -~]|["'`\\$<]/);
});

test("minifiers for ASCII and for old syntax leave the bytes as they are", async () => {
  const { build } = await import("esbuild");
  const encoded = encode(samples["every pair of values"]);
  const contents = `import { decode } from "./wasm-text.js"; export default decode(...${JSON.stringify(encoded)});`;
  for (const options of [{ charset: "ascii" }, { charset: "utf8" }, { target: "es2015" }]) {
    const resolveDir = fileURLToPath(new URL("../../../pkg-template", import.meta.url));
    const { outputFiles } = await build({ stdin: { contents, resolveDir }, bundle: true, minify: true, format: "esm", write: false, ...options });
    const { default: bytes } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
    assert.deepEqual(bytes, samples["every pair of values"]);
  }
});

test("the built package's module costs at most 5 % more compressed than as a file", async (t) => {
  const file = new URL("../../../pkg/dist/hfetch_bg.wasm", import.meta.url);
  const wasm = await readFile(file);
  const [frequent, pieces] = encode(wasm);
  assert.deepEqual(Buffer.from(decode(frequent, pieces)), wasm);
  const [asText, asFile] = [frequent + pieces.join(""), wasm].map((data) => brotliCompressSync(data).length);
  t.diagnostic(`${asText} bytes instead of ${asFile}`);
  assert.ok(asText < asFile * 1.05, `${asText} bytes instead of ${asFile}`);
});

test("the order of the characters that the build looks for makes the text as small as the file", async (t) => {
  const wasm = await readFile(new URL("../../../pkg/dist/hfetch_bg.wasm", import.meta.url));
  const values = alphabet(wasm);
  assert.deepEqual(values.toSorted((a, b) => a - b), frequent(wasm).toSorted((a, b) => a - b));
  const encoded = encode(wasm, values);
  assert.deepEqual(Buffer.from(decode(...encoded)), wasm);
  assert.deepEqual(alphabet(wasm), values);
  const sizes = [encoded.flat().join(""), encode(wasm).flat().join(""), wasm].map((data) => brotliCompressSync(data).length);
  t.diagnostic(`${sizes[0]} bytes, by frequency ${sizes[1]}, as a file ${sizes[2]}`);
  assert.ok(sizes[0] < sizes[1] * 0.99 && sizes[0] < sizes[2] * 1.01);
});
