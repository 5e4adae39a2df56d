// One library in one process: measures every workload once and prints one line of JSON for each.
import { embeddings, streams } from "./libraries.mjs";
import * as workloads from "./workloads.mjs";

// A busy machine stops the clock on the wall for others' sake; the thread's own clock runs on its work alone.
const threadClock = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** Measures `library`; `report` gets { kind, workload, size, ns } or { …, ms }. */
export async function measure(library, { only = "", clock = () => performance.now(), seconds = 0.4, report }) {
  for (const workload of streams[library] ? workloads.names : []) {
    for (const size of [0, 16384]) {
      if (!`${workload} ${size}`.includes(only)) continue;
      const heavy = workload === "logprobs" || workload === "tool arguments";
      const payloads = workloads.stream(workload, heavy ? 600 : 4000);
      const run = await streams[library]({ payloads, pieces: workloads.pieces(payloads, size) });
      const time = await repeat(run, clock, seconds);
      report({ kind: "stream", library, workload, size, ns: (time * 1e6) / payloads.length });
    }
  }
  for (const [count, dimensions] of embeddings[library] ? [[64, 1024], [1000, 1024]] : []) {
    for (const base64 of [false, true]) {
      const workload = `embeddings ${count}×${dimensions} ${base64 ? "base64" : "float"}`;
      if (!workload.includes(only)) continue;
      const text = workloads.embeddings(count, dimensions, base64);
      const input = Array.from({ length: count }, (_, index) => `text ${index}`);
      const run = await embeddings[library]({ text, input, base64 });
      report({ kind: "embeddings", library, workload, size: 0, ns: (await repeat(run, clock, seconds)) * 1e6 });
    }
  }
}

/** Milliseconds per run, warm, over at least `seconds`. */
async function repeat(run, clock, seconds) {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) await run();
  let runs = 0;
  const start = clock();
  const until = performance.now() + seconds * 1000;
  do {
    await run();
    runs++;
  } while (performance.now() < until);
  return (clock() - start) / runs;
}

const [library, only, clock, seconds] = globalThis.process?.argv?.slice(2) ?? [];
if (library) {
  const options = { only, seconds: Number(seconds), report: (line) => console.log(JSON.stringify(line)) };
  await measure(library, clock === "thread" ? { ...options, clock: threadClock } : options);
}
