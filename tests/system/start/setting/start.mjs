// `npm start`, as a program of its own.
import { startProgram } from "../../scripts/setting/program.mjs";

/** Starts it for one test; returns what it printed, the page's address, and a function to stop it. */
export async function start(t, port, env = {}) {
  const { HF_TOKEN, HF_BASE_URL, ...others } = process.env;
  const { shows, ...program } = startProgram(t, "start.mjs", ["--port", String(port)], { ...others, ...env });
  const [, url] = await shows(/The demo page: (\S+)/);
  return { url, ...program };
}
