// Shows what a long step of cargo is doing: the number of the current crate, and the time so far. Without a terminal it prints a line from time to time.

/** Makes cargo print its progress wherever its output goes. */
export const SPEAKING = { CARGO_TERM_PROGRESS_WHEN: "always", CARGO_TERM_PROGRESS_WIDTH: "80", CARGO_TERM_COLOR: "never" };

const INTERVAL = process.stdout.isTTY ? 1_000 : 10_000; // ms
const BAR = /\s*Building \[[=> ]*\] (\d+)\/(\d+)[^\r\n]*[\r\n]*/g;

/** The running steps, by name: when each began, and how many of its crates are done. Steps that run side by side share a line. */
const steps = new Map();
let timer;

const seconds = (since) => `${Math.round((Date.now() - since) / 1_000)} s`;

function show() {
  for (const step of steps.values()) step.shown = true;
  const line = [...steps].map(([name, { since, crates }]) => `  ${name}: ${crates}${seconds(since)}`).join(";");
  process.stdout.write(process.stdout.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
}

/** Runs `work` with a listener for cargo's error output, and shows the progress of `name` meanwhile. The listener returns what isn't progress. */
export async function showing(name, work) {
  const step = { since: Date.now(), crates: "", shown: false };
  steps.set(name, step);
  timer ??= setInterval(show, INTERVAL);
  try {
    return await work((data) => {
      const text = `${data}`;
      const last = [...text.matchAll(BAR)].at(-1);
      if (last) step.crates = `crate ${last[1]} of ${last[2]}, `;
      return Buffer.from(text.replace(BAR, ""));
    });
  } finally {
    steps.delete(name);
    if (step.shown) process.stdout.write(`${process.stdout.isTTY ? "\r\u001b[K" : ""}  ${name}: done in ${seconds(step.since)}\n`);
    if (steps.size === 0) timer = clearInterval(timer);
  }
}
