// npm run memory: measures the memory that streams hold and leave behind. The figures are kept for docs/endurance.md.
import { join, resolve } from "node:path";
import { keepFigures } from "./figures.mjs";
import { main, root, run, Stop } from "./run.mjs";

/** The bytes that 128 simultaneous streams may hold in a gateway: half of what the smallest isolate has. */
const HELD = 64e6;
/** The bytes of the module's memory that a client may leave: the largest completion with some spare room, once more as text, and what is around it. */
const LEFT = 3.5 * 2 ** 26;

/**
 * Measures the package in `pkg`, in a process of its own. Returns { kinds, growth, wrong }: the results of tests/system/gateway/measure/memory.mjs, and which of them
 * are too large.
 */
export async function measureMemory(pkg) {
  const { stdout } = await run(process.execPath, [join(root, "tests/system/gateway/measure/memory.mjs"), pkg]);
  const { kinds, growth } = JSON.parse(stdout);
  const wrong = [];
  for (const [kind, { held }] of Object.entries(kinds)) if (held > HELD) wrong.push(`${kind}: the streams hold ${held} bytes`);
  for (const { size, folded, ended, wasm } of growth) {
    const expected = size > 2 ** 26 ? "StreamError: the answer is larger than maxAnswerBytes" : "ok";
    if (ended !== expected) wrong.push(`${size} bytes${folded ? ", folded" : ""}: ${ended}`);
    if (wasm > LEFT) wrong.push(`${size} bytes${folded ? ", folded" : ""}: ${wasm} bytes are left in the module`);
  }
  return { kinds, growth, wrong };
}

async function command() {
  const { kinds, growth, wrong } = await measureMemory(resolve(root, "pkg"));
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  for (const [kind, { streams, each, held }] of Object.entries(kinds)) console.log(`${streams} streams of ${kind}, ${megabytes(each)} each: ${megabytes(held)}`);
  for (const { size, folded, ended, wasm } of growth) console.log(`a stream of ${megabytes(size)}${folded ? ", final()" : ""}: ${ended}; the module has ${megabytes(wasm)}`);
  if (wrong.length > 0) throw new Stop(wrong.join("\n"));
  await keepFigures("memory", { kinds, growth });
}

await main(command, import.meta.url);
