// A soak in workerd: soak-workerd.mjs <folder with the package installed> '<setting as JSON>'. Needs Node 22. Prints one line of JSON.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleWithEsbuild } from "../package/runtime/esbuild.mjs";
import { startBundle } from "../package/runtime/wrangler.mjs";

const SAMPLES = 20;
const AT_A_TIME = 200; // calls in one request of the Worker
const LANES = 2;

const [folder, text] = process.argv.slice(2);
const { requests, seed, hosts } = JSON.parse(text);
const out = join(folder, "worker-soak");
await bundleWithEsbuild(join(folder, "tests/fault/soak-worker.mjs"), out);
const worker = await startBundle(out);
const ask = async (body) => {
  const response = await worker.dispatchFetch("http://worker/", { method: "POST", body: JSON.stringify({ hosts, seed, ...body }) });
  const answer = await response.text();
  if (!response.ok) throw new Error(`the Worker answered ${response.status}: ${answer}`);
  return JSON.parse(answer);
};

/** The resident memory of workerd, this process's only child; 0 where the system doesn't tell. */
async function resident() {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").catch(() => "");
  let kilobytes = 0;
  for (const child of children.trim().split(" ").filter(Boolean)) {
    const status = await readFile(`/proc/${child}/status`, "utf8").catch(() => "");
    if (/^Name:\s*workerd/m.test(status)) kilobytes += Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return kilobytes * 1024;
}

const samples = [];
for (let at = 0; at < SAMPLES; at++) {
  let left = Math.ceil(requests / SAMPLES);
  let held;
  const lane = async () => {
    while (left > 0) {
      const calls = Math.min(left, AT_A_TIME);
      left -= calls;
      held = await ask({ calls });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  samples.push({ resident: await resident(), ...held });
}
const result = await ask({});
await worker.dispose();
await new Promise((resolve) => process.stdout.write(`\n${JSON.stringify({ ...result, samples })}\n`, resolve));
process.exit(0);
