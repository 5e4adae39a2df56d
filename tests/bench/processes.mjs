// The processor time of other processes, where the system tells (Linux); elsewhere the clock on the wall.
import { readdir, readFile } from "node:fs/promises";

/** The processes that this one started, and those that they did. */
export async function descendants() {
  const parents = new Map();
  for (const name of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // The program's name may hold anything, brackets included.
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const ours = (pid) => pid === process.pid || (parents.has(pid) && ours(parents.get(pid)));
  return [...parents.keys()].filter((pid) => pid !== process.pid && ours(pid));
}

/** Milliseconds that these processes have run on all their threads. */
export async function cpuTime(pids) {
  let nanoseconds = 0;
  for (const pid of pids) {
    for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8").catch(() => "0");
      nanoseconds += Number(text.split(" ")[0]);
    }
  }
  return pids.length === 0 ? performance.now() : nanoseconds / 1e6;
}
