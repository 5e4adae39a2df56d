// Fuzzes one target: main.mjs <target> <seconds> <package folder>. Prints one line of JSON, { inputs, found }: `found` is the smallest input that
// breaks the property, as latin1, and the failure.
import fc from "fast-check";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../../scripts/run.mjs";
import { targets } from "./targets.mjs";

const [name, seconds, pkg] = process.argv.slice(2);
const FUZZ = join(root, "tests/fuzz");
const MOST = 4_096; // bytes of an input

/** The dictionary of the other targets: words in quotes, with \x, \\ and \" as escapes. */
async function dictionary() {
  const lines = (await readFile(join(FUZZ, "dictionary"), "utf8")).split("\n");
  const quoted = lines.map((line) => /^"(.*)"$/.exec(line)?.[1]).filter(Boolean);
  return quoted.map((text) => Buffer.from(text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, code, letter) => letter ?? String.fromCharCode(parseInt(code, 16))), "latin1"));
}

/** Inputs of the corpus with some edits: bytes removed, a word or odd bytes inserted, or a part of the input repeated. */
async function mutations() {
  const folder = join(FUZZ, "corpus", name);
  const seeds = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file))));
  const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const edit = fc.record({
    at: place,
    cut: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(12), fc.nat(200)),
    put: fc.oneof(fc.constantFrom(Buffer.alloc(0), ...await dictionary()), fc.uint8Array({ maxLength: 4 }), fc.constantFrom(..."{}[]\":,\\\n\r0-e.nt ").map((letter) => Buffer.from(letter)), fc.record({ from: place, length: fc.nat(120) })),
  });
  return fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 8 })).map(([seed, edits]) => edits.reduce(edited, seed).subarray(0, MOST));
}

function edited(input, { at, cut, put }) {
  const from = Math.floor(at * (input.length + 1));
  const start = Math.floor((put.from ?? 0) * input.length);
  const more = put instanceof Uint8Array ? put : input.subarray(start, start + put.length);
  return Buffer.concat([input.subarray(0, from), more, input.subarray(from + cut)]);
}

const { property, subject } = targets(pkg)[name];
const { hold } = await import(pathToFileURL(property).href);
const code = await import(pathToFileURL(subject).href);
const limits = { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false };
const { failed, numRuns, counterexample, errorInstance } = await fc.check(fc.asyncProperty(await mutations(), async (data) => hold(data, code)), limits);
const found = failed ? { input: counterexample[0].toString("latin1"), error: errorInstance.stack } : null;
process.stdout.write(`${JSON.stringify({ inputs: numRuns, found })}\n`);
