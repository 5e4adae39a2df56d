// The page as `npm start` serves it without a token, with a stand-in endpoint without pauses, and with a script of its own for each test.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { buildPage, pageHeaders, servePage } from "../../../../scripts/page.mjs";
import { passOn } from "../../../../scripts/pass-on.mjs";
import { root } from "../../../../scripts/run.mjs";
import { startEndpoint } from "../../../endpoint/server.mjs";

export const MODEL = "meta-llama/Llama-3.1-8B-Instruct";

// A window within the window, of any size.
const FRAME = `<!doctype html><html lang="en"><title>The page in a frame</title><style>body{margin:0}iframe{display:block;border:0}</style><iframe src="/" title="The page"></iframe>`;

/** Builds the page from the package in HFETCH_PACKAGE (default: pkg/) into a folder of this process, and returns that folder. */
export const buildStage = () => buildPage(process.env.HFETCH_PACKAGE ?? join(root, "pkg"), join(root, `target/www-${process.pid}`));

/**
 * Serves the page in `built`, or one that it builds. `next` begins a test: its requests use the script with that name, and `direct` is counted separately. `framed`
 * also serves the page in a frame, at `frame`; its headers then allow that for their own origin.
 */
export async function startStage({ pace = 0, built, framed = false } = {}) {
  const folder = built ?? (await buildStage());
  const endpoint = await startEndpoint({ pace });
  let id = "none";
  let tests = 0;
  const direct = `${endpoint.url}/s/direct/v1`;
  const server = await servePage({
    folder,
    config: { baseURL: "/v1", apiKey: "stand-in", model: MODEL, standIn: true, faults: "/stand-in", direct },
    ...(framed && { headers: framable(pageHeaders(direct)) }),
    routes: {
      ...(framed && { "/frame": (_, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(FRAME) }),
      "/v1/": (request, response) => passOn("/v1", `${endpoint.url}/s/${id}/v1`)(request, response),
      "/stand-in/": passOn("/stand-in", endpoint.url),
    },
  });
  return {
    folder,
    url: server.url,
    frame: framed ? `${server.url}/frame` : undefined,
    endpoint,
    next() {
      id = `page-${(tests += 1)}`;
    },
    /** The next requests get these steps; the catalogue should have been fetched by then. */
    script: (...steps) => endpoint.script(id, steps),
    stats: (until) => endpoint.stats(id, until),
    /** The bodies of the calls so far. */
    bodies: async () => (await endpoint.stats(id)).bodies.filter((body) => body?.messages ?? body?.input),
    async close() {
      await server.close();
      await endpoint.close();
      if (!built) await rm(folder, { recursive: true, force: true });
    },
  };
}

const framable = (headers) => ({ ...headers, "content-security-policy": headers["content-security-policy"].replace("frame-ancestors 'none'", "frame-ancestors 'self'") });
