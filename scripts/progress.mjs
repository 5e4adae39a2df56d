// What a long step of cargo's is doing: the crate at hand of how many, and for how long. Where nobody looks on, a line now and then.

/** Makes cargo say how far it is, whoever reads it. */
export const SPEAKING = { CARGO_TERM_PROGRESS_WHEN: "always", CARGO_TERM_PROGRESS_WIDTH: "80", CARGO_TERM_COLOR: "never" };

const INTERVAL = process.stdout.isTTY ? 1_000 : 10_000; // ms
const BAR = /\s*Building \[[=> ]*\] (\d+)\/(\d+)[^\r\n]*[\r\n]*/g;

/** Runs `work` with a listener to cargo's error output, which gives what of it is no progress, and shows how far `step` is meanwhile. */
export async function showing(step, work) {
  const started = Date.now();
  let shown = false;
  let crates = "";
  const seconds = () => `${Math.round((Date.now() - started) / 1_000)} s`;
  const show = () => {
    shown = true;
    const line = `  ${step}: ${crates}${seconds()}`;
    process.stdout.write(process.stdout.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
  };
  const timer = setInterval(show, INTERVAL);
  try {
    return await work((data) => {
      const text = `${data}`;
      const last = [...text.matchAll(BAR)].at(-1);
      if (last) crates = `crate ${last[1]} of ${last[2]}, `;
      return Buffer.from(text.replace(BAR, ""));
    });
  } finally {
    clearInterval(timer);
    if (shown) process.stdout.write(`${process.stdout.isTTY ? "\r\u001b[K" : ""}  ${step}: done in ${seconds()}\n`);
  }
}
