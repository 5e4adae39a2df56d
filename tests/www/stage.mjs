// The page as `npm start` serves it without a token, on a stand-in endpoint without pauses, with a script of its own for each test.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { buildPage, servePage } from "../../scripts/page.mjs";
import { passOn } from "../../scripts/pass-on.mjs";
import { root } from "../../scripts/run.mjs";
import { startEndpoint } from "../endpoint/server.mjs";

export const MODEL = "meta-llama/Llama-3.1-8B-Instruct";

/**
 * Builds the page from the package in HFETCH_PACKAGE (default: pkg/) and serves it. `next` begins a test: its requests go through
 * the script it names, and `direct` is counted apart.
 */
export async function startStage({ pace = 0 } = {}) {
  const folder = await buildPage(process.env.HFETCH_PACKAGE ?? join(root, "pkg"), join(root, `target/www-${process.pid}`));
  const endpoint = await startEndpoint({ pace });
  let id = "none";
  let tests = 0;
  const server = await servePage({
    folder,
    config: { baseURL: "/v1", apiKey: "stand-in", model: MODEL, standIn: true, faults: "/stand-in", direct: `${endpoint.url}/s/direct/v1` },
    routes: {
      "/v1/": (request, response) => passOn("/v1", `${endpoint.url}/s/${id}/v1`)(request, response),
      "/stand-in/": passOn("/stand-in", endpoint.url),
    },
  });
  return {
    folder,
    url: server.url,
    endpoint,
    next() {
      id = `page-${(tests += 1)}`;
    },
    /** The next requests get these steps; the catalogue should have been asked for by then. */
    script: (...steps) => endpoint.script(id, steps),
    stats: (until) => endpoint.stats(id, until),
    /** Bodies of the calls so far. */
    bodies: async () => (await endpoint.stats(id)).bodies.filter((body) => body?.messages ?? body?.input),
    async close() {
      await server.close();
      await endpoint.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
