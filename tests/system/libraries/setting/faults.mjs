// Libraries with a server that fails: each with its own fetch and with a client's, and the result as the caller and the server see it.
// node faults.mjs prints it as JSON; HFETCH_PACKAGE names the package.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../../../scripts/run.mjs";
import { startEndpoint } from "../../../endpoint/server.mjs";
import { TEXT } from "../../../fault/answers.mjs";
import { FAULTS } from "../../../fault/faults.mjs";
import { LIBRARIES } from "./libraries.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const { HuggingFace } = await import(pathToFileURL(join(packageFolder, "dist/index.js")).href);

const PATIENCE = 5_000; // ms: much more than an ordinary end takes here
const AT_ONCE = 48;
const OFTEN = 40; // times that a server fails in the same way
const CALLS = { whole: "chat", stream: "stream" };

/** Faults that a caller must not take for an answer; `cut` means that the server broke an answer off. */
const NAMES = /^(?:(?:reset|close|clean end|stall) (?:after|inside) |reset before headers|closed before headers|headers cut short|stall before headers|an empty body|an HTML page|an error as 200|error frame (?:of form|first)|(?:400|401|429|500|502|503) object$)/;
const rows = FAULTS.filter(({ name }) => NAMES.test(name)).map((fault) => ({ ...fault, cut: / (?:after|inside) /.test(fault.name) }));

let cells = 0;

/** Returns {library, way, fault, end, requests, open}: `end` is "ok", "short" (ended well with only a part of the answer), "error" or "hung". */
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
  // Ends a call that hangs or goes on for ever.
  endpoint.script(id, [{ status: 400, times: OFTEN }]);
  const { open } = await endpoint.stats(id, end === "hung" ? undefined : "closed");
  return { library, way, fault: fault.name, cut: fault.cut, with: isWith, end, error, requests, open: end === "hung" ? 0 : open, settled: settlements.length };
}

/** Runs all cells; `only` selects some by {library, way, fault, with}. */
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
  // A call that hung may still fail, and nobody waits for it any more.
  process.on("unhandledRejection", () => {});
  const results = await runFaults();
  // Libraries may have written something before it.
  await new Promise((resolve) => process.stdout.write(`\n${JSON.stringify(results)}\n`, resolve));
  process.exit(0);
}
