// Runs worker.mjs in workerd: workerd.mjs <folder with the package installed> <endpoint> <esbuild|wrangler> <list>. Needs Node 22.
import { build } from "esbuild";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { bundleWithEsbuild, conditions } from "./esbuild.mjs";
import { bundleWithWrangler, startBundle } from "./wrangler.mjs";

const [folder, endpoint, bundler, list] = process.argv.slice(2);
const entry = join(folder, "tests/package/runtime/worker.mjs");
const out = join(folder, `worker-${bundler}`);

/** Bundlers drop modules without side effects. The module that starts the WebAssembly must stay, however little is imported. */
async function singleImport() {
  const contents = 'import { estimateTokens } from "hfetch"; console.log(estimateTokens("text"));';
  const { outputFiles } = await build({ stdin: { contents, resolveDir: folder }, bundle: true, format: "esm", conditions, external: ["*.wasm?module"], write: false });
  const kept = outputFiles[0].text.includes('hfetch_bg.wasm?module"');
  return { name: "a single import keeps the module", ok: kept, ms: 0, error: kept ? undefined : outputFiles[0].text };
}

const WORDS = ["alder", "birch", "cedar", "elder", "hazel", "larch", "maple", "rowan"];

const LONG = 1_000; // words
const LONG_ANSWER = 200 * LONG; // bytes, at least

/** Eight simultaneous visitors of the client at module scope; every other one leaves at the beginning of a long answer. */
async function overlappingRequests(worker) {
  const id = `shared-${bundler}`;
  const control = (path, init) => fetch(`${endpoint}/s/${id}/${path}`, init).then((response) => response.text());
  await control("script", { method: "POST", body: JSON.stringify([{ delayMs: 3, times: 100 }]) });
  const address = await worker.ready;
  const visit = async (word, index) => {
    const leaves = index % 2 === 1;
    const query = new URLSearchParams({ endpoint: `${endpoint}/s/${id}/v1`, word: leaves ? `${word} `.repeat(LONG) : word });
    const url = new URL(`/shared/stream?${query}`, address);
    if (!leaves) return (await fetch(url)).text();
    // This isn't fetch(): Node's keeps the connection when a body isn't read to its end.
    const visitor = get(url);
    const [response] = await once(visitor, "response");
    await once(response, "data");
    visitor.destroy();
    return `${word}: left, [DONE] with it`;
  };
  const answers = await Promise.all(WORDS.map(visit));
  const wrong = WORDS.filter((word, index) => !answers[index].includes(word) || !answers[index].includes("[DONE]"));
  const { open, bytes } = JSON.parse(await control("stats?until=closed"));
  const { peak, inFlight, queued, spend } = await (await worker.dispatchFetch("http://worker/shared/state")).json();
  const seen = JSON.stringify({ wrong, open, leftEarly: bytes < LONG_ANSWER, peak, inFlight, queued, settled: spend.requests });
  const expected = JSON.stringify({ wrong: [], open: 0, leftEarly: true, peak: 3, inFlight: 0, queued: 0, settled: 8 });
  return { ok: seen === expected, error: `expected ${expected}, got ${seen}` };
}

async function overlapping(worker) {
  const name = "a client at module scope serves overlapping requests, and those who leave";
  const { ok, error } = await overlappingRequests(worker).catch(({ stack }) => ({ ok: false, error: stack }));
  return { name, ok, ms: 0, error: ok ? undefined : error };
}

await mkdir(out, { recursive: true });
await (bundler === "wrangler" ? bundleWithWrangler(entry, out) : bundleWithEsbuild(entry, out));
const worker = await startBundle(out);
const ask = async (query) => {
  const response = await worker.dispatchFetch(`http://worker/?${new URLSearchParams(query)}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`the Worker answered ${response.status}: ${text}`);
  return JSON.parse(text);
};
const results = [await singleImport()];
try {
  for (const name of await ask({ list })) results.push(await ask({ name, endpoint }).catch(({ message }) => ({ name, ok: false, ms: 0, error: message })));
  results.push(await overlapping(worker));
} finally {
  await worker.dispose();
}
await new Promise((resolve) => process.stdout.write(`\n${JSON.stringify({ results })}\n`, resolve));
