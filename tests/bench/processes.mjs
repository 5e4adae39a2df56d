// The processor time of other processes, if the system reports it (Linux); otherwise the wall clock.
import { readdir, readFile } from "node:fs/promises";

/** The processes that this one has started, and their own. */
export async function descendants() {
  const parents = new Map();
  for (const name of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // A program's name may contain any character, including brackets.
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const ours = (pid) => pid === process.pid || (parents.has(pid) && ours(parents.get(pid)));
  return [...parents.keys()].filter((pid) => pid !== process.pid && ours(pid));
}

/** Milliseconds for which these processes have run, on all of their threads. */
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
