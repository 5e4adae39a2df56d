// Libraries before a server that fails: each with its own fetch and with a client's, and what came of it as the caller and as the server see it.
// node faults.mjs prints it as JSON; the package is HFETCH_PACKAGE's.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../../../scripts/run.mjs";
import { startEndpoint } from "../../../endpoint/server.mjs";
import { TEXT } from "../../../fault/answers.mjs";
import { FAULTS } from "../../../fault/faults.mjs";
import { LIBRARIES } from "./libraries.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const { HuggingFace } = await import(pathToFileURL(join(packageFolder, "dist/index.js")).href);

const PATIENCE = 5_000; // ms: far above what an honest end takes here
const AT_ONCE = 48;
const OFTEN = 40; // times that a server fails in the same way
const CALLS = { whole: "chat", stream: "stream" };

/** What a server does that its caller must not take for an answer; `cut` says that it broke one off. */
const NAMES = /^(?:(?:reset|close|clean end|stall) (?:after|inside) |reset before headers|closed before headers|headers cut short|stall before headers|an empty body|an HTML page|an error as 200|error frame (?:of form|first)|(?:400|401|429|500|502|503) object$)/;
const rows = FAULTS.filter(({ name }) => NAMES.test(name)).map((fault) => ({ ...fault, cut: / (?:after|inside) /.test(fault.name) }));

let cells = 0;

/** Gives {library, way, fault, end, requests, open}: `end` is "ok", "short" (ended well with less than there was), "error" or "hung". */
async function cell(endpoint, { library, way, fault, with: isWith }) {
  const id = `l${(cells += 1)}`;
  endpoint.script(id, [{ ...fault.step(CALLS[way], { elsewhere: endpoint.url }), times: OFTEN }]);
  const baseURL = `${endpoint.url}/s/${id}/v1`;
  const settlements = [];
  const hf = new HuggingFace({ apiKey: "hf_libraries", baseURL, retry: { baseDelay: 1 }, timeout: fault.timeout ?? {}, onSettled: (one) => settlements.push(one) });
  const controller = new AbortController();
  const asked = LIBRARIES[library](baseURL, isWith ? hf.fetch : undefined)[way](controller.signal);
  const ended = asked.then((text) => ({ end: text === TEXT ? "ok" : "short" }), (error) => ({ end: "error", error: `${error?.name}: ${error?.message}` }));
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE, { end: "hung" })));
  const { end, error } = await Promise.race([ended, late]);
  clearTimeout(timer);
  const { requests } = await endpoint.stats(id);
  controller.abort();
  // What hangs, and goes on for ever, is let go.
  endpoint.script(id, [{ status: 400, times: OFTEN }]);
  const { open } = await endpoint.stats(id, end === "hung" ? undefined : "closed");
  return { library, way, fault: fault.name, cut: fault.cut, with: isWith, end, error, requests, open: end === "hung" ? 0 : open, settled: settlements.length };
}

/** All of them; `only` picks some by {library, way, fault, with}. */
export async function runFaults(only = () => true) {
  const endpoint = await startEndpoint({ pace: 0 });
  const due = Object.keys(LIBRARIES)
    .flatMap((library) => Object.keys(CALLS).flatMap((way) => rows.flatMap((fault) => [false, true].map((isWith) => ({ library, way, fault, with: isWith })))))
    .filter(({ library, way, fault }) => LIBRARIES[library]("http://127.0.0.1:9/v1")[way] !== undefined && [undefined, true].includes(fault.calls?.(CALLS[way])))
    .filter(only);
  const results = [];
  const work = async () => {
    for (let next = due.shift(); next !== undefined; next = due.shift()) results.push(await cell(endpoint, next));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await endpoint.close();
  return results;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  // What hangs may end in an error that nobody waits for.
  process.on("unhandledRejection", () => {});
  const results = await runFaults();
  // Libraries write what they like before it.
  await new Promise((resolve) => process.stdout.write(`\n${JSON.stringify(results)}\n`, resolve));
  process.exit(0);
}
