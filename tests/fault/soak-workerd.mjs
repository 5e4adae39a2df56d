// A soak in workerd: soak-workerd.mjs <folder with the package installed> '<setting as JSON>'. It needs Node 22, and prints a line of JSON for
// each sample, with the result as the last.
import { build } from "esbuild";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { startWorker } from "../../scripts/workerd.mjs";

const SAMPLES = 20;
const AT_A_TIME = 500; // calls in one request of the Worker
const LANES = 4;

const [folder, setting] = process.argv.slice(2);
const { requests, seed, hosts, until } = JSON.parse(setting);
// The client is imported after the code that counts its memory and timers.
const { outputFiles } = await build({ entryPoints: [join(folder, "tests/fault/soak-worker.mjs")], bundle: true, format: "esm", external: ["hfetch"], write: false });
const worker = await startWorker({
  pkg: join(folder, "node_modules/hfetch"), worker: outputFiles[0].text, v8Flags: ["--expose-gc"], inspector: true, log: (line) => process.stderr.write(line),
});

// Each request has its own connection: workerd closes an idle connection even if a request may be on its way.
async function ask(body) {
  const sent = request(worker.url, { method: "POST", agent: false }).end(JSON.stringify({ hosts, seed, ...body }));
  const [response] = await once(sent, "response");
  const answer = await text(response);
  if (response.statusCode !== 200) throw new Error(`the Worker answered ${response.statusCode}: ${answer}`);
  return JSON.parse(answer);
}

/** The used bytes of the isolate's heap, according to its inspector. */
async function heapUsed() {
  const socket = new WebSocket(worker.inspector);
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: () => reject(new Error("no inspector")) }));
  const told = new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      const { id, result } = JSON.parse(data);
      if (id === 1) resolve(result.usedSize);
    };
  });
  socket.send(JSON.stringify({ id: 1, method: "Runtime.getHeapUsage" }));
  const used = await told;
  socket.close();
  return used;
}

/** The resident memory of workerd; 0 if the system doesn't report it. */
async function resident() {
  const status = await readFile(`/proc/${worker.pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
}

const samples = [];
for (let at = 0; at < SAMPLES && Date.now() < until; at++) {
  let left = Math.ceil(requests / SAMPLES);
  const lane = async () => {
    while (left > 0 && Date.now() < until) {
      const calls = Math.min(left, AT_A_TIME);
      left -= calls;
      await ask({ calls });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const held = await ask({ collect: true });
  samples.push({ seconds: Math.round(performance.now() / 1000), resident: await resident(), heap: await heapUsed(), ...held });
  console.log(JSON.stringify(samples.at(-1)));
}
const result = await ask({});
await worker.close();
await new Promise((resolve) => process.stdout.write(`${JSON.stringify({ ...result, samples })}\n`, resolve));
process.exit(0);
