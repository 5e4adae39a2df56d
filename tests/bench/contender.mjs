// One library: its workloads as jobs, and their measurement, which prints one line of JSON per job.
import { embeddings, streams } from "./libraries.mjs";
import * as workloads from "./workloads.mjs";

const FIRST_WARM_UP = 1.5; // seconds
const ROWS = [[64, 1024], [1000, 1024]];

/** The jobs of a library. `prepare` returns a function that runs a job once and handles `events` events. */
export function jobs(library, only = "") {
  const list = [];
  for (const workload of streams[library] ? workloads.names : []) {
    for (const size of [0, 16384]) list.push(streamJob(library, workload, size, workloads.count(workload)));
  }
  // The fixed cost of a call: a stream that consists of a beginning and an end. After that short answers, measured as whole calls.
  if (streams[library]) list.push({ ...streamJob(library, "single slot", 16384, 0), kind: "call", workload: "a whole call", events: 1 });
  for (const count of streams[library] ? workloads.ANSWERS : []) list.push({ ...streamJob(library, "single slot", 0, count), kind: "call", workload: `a call of ${count} chunks`, events: 1 });
  for (const [count, dimensions] of embeddings[library] ? ROWS : []) {
    for (const base64 of [false, true]) list.push(embeddingsJob(library, count, dimensions, base64));
  }
  const wanted = only.split(",");
  return list.filter(({ workload, size }) => wanted.some((text) => `${workload} ${size}`.includes(text)));
}

function streamJob(library, workload, size, count) {
  const prepare = () => {
    const payloads = workloads.stream(workload, count);
    return streams[library]({ payloads, pieces: workloads.pieces(payloads, size) });
  };
  return { kind: "stream", workload, size, events: count + 2, prepare };
}

function embeddingsJob(library, count, dimensions, base64) {
  const prepare = () => {
    const bytes = new TextEncoder().encode(workloads.embeddings(count, dimensions, base64));
    const input = Array.from({ length: count }, (_, index) => `text ${index}`);
    return embeddings[library]({ bytes, input, base64 });
  };
  return { kind: "embeddings", workload: `embeddings ${count}×${dimensions} ${base64 ? "base64" : "float"}`, size: 0, events: 1, prepare };
}

// On a busy machine the wall clock also counts other programs' work; the thread's own clock counts only this one's.
const clocks = {
  wall: () => performance.now(),
  thread: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
};

/** Measures `library`; `report` is called with one line per job. */
export async function measure(library, { only = "", clock = "wall", seconds = 0.4, report }) {
  const now = globalThis.process?.threadCpuUsage ? clocks[clock] : clocks.wall;
  // The first job also warms up the code that all jobs share.
  let warmUp = Math.max(seconds, FIRST_WARM_UP);
  for (const { kind, workload, size, events, prepare } of jobs(library, only)) {
    const time = await repeat(await prepare(), now, warmUp, seconds);
    warmUp = seconds;
    report({ kind, library, workload, size, ns: (time * 1e6) / events });
  }
}

/** Milliseconds per run over at least `seconds`, after `warmUp` seconds of the same work. */
async function repeat(run, now, warmUp, seconds) {
  for (const end = performance.now() + warmUp * 1000; performance.now() < end; ) await run();
  let runs = 0;
  const start = now();
  const until = performance.now() + seconds * 1000;
  do {
    await run();
    runs++;
  } while (performance.now() < until);
  return (now() - start) / runs;
}

const [library, only, clock, seconds] = globalThis.process?.argv?.slice(2) ?? [];
if (library) await measure(library, { only, clock, seconds: Number(seconds), report: (line) => console.log(JSON.stringify(line)) });
