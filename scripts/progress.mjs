// What a long step of cargo's is doing: the crate at hand of how many, and for how long. Where nobody looks on, a line now and then.

/** Makes cargo say how far it is, whoever reads it. */
export const SPEAKING = { CARGO_TERM_PROGRESS_WHEN: "always", CARGO_TERM_PROGRESS_WIDTH: "80", CARGO_TERM_COLOR: "never" };

const INTERVAL = process.stdout.isTTY ? 1_000 : 10_000; // ms
const BAR = /\s*Building \[[=> ]*\] (\d+)\/(\d+)[^\r\n]*[\r\n]*/g;

/** The steps under way, by name: since when, and how many crates of how many. Those that run beside one another share a line. */
const steps = new Map();
let timer;

const seconds = (since) => `${Math.round((Date.now() - since) / 1_000)} s`;

function show() {
  for (const step of steps.values()) step.shown = true;
  const line = [...steps].map(([name, { since, crates }]) => `  ${name}: ${crates}${seconds(since)}`).join(";");
  process.stdout.write(process.stdout.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
}

/** Runs `work` with a listener to cargo's error output, which gives what of it is no progress, and shows how far `name` is meanwhile. */
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
