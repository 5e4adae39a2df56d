// `npm start`, as a program of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url));

/** Starts it for one test; gives what it printed, the page's address, and how to stop it. */
export async function start(t, port, env = {}) {
  const { HF_TOKEN, HF_BASE_URL, ...others } = process.env;
  const child = spawn(process.execPath, [script, "--port", String(port)], { env: { ...others, ...env } });
  t.after(() => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  let printed = "";
  const url = await new Promise((resolve, reject) => {
    const read = (data) => {
      printed += data;
      const [, found] = /The demo page: (\S+)/.exec(printed) ?? [];
      if (found) resolve(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    exited.then(() => reject(new Error(printed)));
  });
  const stop = async () => {
    child.kill("SIGINT");
    return (await exited)[0];
  };
  return { url, stop, printed: () => printed };
}
