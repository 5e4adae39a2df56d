// Runs a command of the repository as a program of its own, for one test.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../../../../scripts/run.mjs";

const LEASH = new URL("leash.mjs", import.meta.url).href;
const PATIENCE = 10_000; // ms for the program to end what it has started

/**
 * Starts a file of scripts/ for one test. Returns { shows, stop, printed }: what a pattern finds in the output, as soon as it is there; Ctrl-C, with the exit code that
 * follows; and the whole output. However the test ends, nothing of the program is left.
 */
export function startProgram(t, script, args, env) {
  // The program has a process group of its own, since a program that is killed can't end what it has started.
  const child = spawn(process.execPath, ["--import", LEASH, join(root, "scripts", script), ...args], { env, detached: true });
  const exited = once(child, "exit");
  t.after(() => end(child, exited));
  let printed = "";
  let heard = () => {};
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => heard((printed += data)));
  const shows = (pattern) =>
    new Promise((resolve, reject) => {
      heard = () => pattern.test(printed) && resolve(pattern.exec(printed));
      heard();
      exited.then(() => reject(new Error(printed)));
    });
  const stop = async () => {
    child.kill("SIGINT");
    return (await exited)[0];
  };
  return { shows, stop, printed: () => printed };
}

async function end(child, exited) {
  child.kill("SIGTERM");
  const impatient = setTimeout(() => killGroup(child), PATIENCE);
  await exited;
  clearTimeout(impatient);
  killGroup(child);
}

function killGroup({ pid }) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}
