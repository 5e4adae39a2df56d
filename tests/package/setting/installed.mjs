// The installed package and an endpoint of its own, for tests that run only on Node. HFETCH_PACKAGE names the package's folder; without it, "hfetch" is
// resolved from here.
import { createRequire } from "node:module";
import { join } from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { startEndpoint } from "../../endpoint/server.mjs";

const folder = process.env.HFETCH_PACKAGE;
// A package may import itself by name; resolving that uses its exports, as a user's import would.
export const entry = folder ? pathToFileURL(createRequire(join(folder, "package.json")).resolve("hfetch")).href : "hfetch";

export const hfetch = await import(entry);
export const endpoint = await startEndpoint();
after(() => endpoint.close());

export const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
export const PROMPT = [{ role: "user", content: "Say something short." }];

let scripts = 0;

/** A script of its own at the endpoint, and a function that makes clients for it. */
export function scripted(...steps) {
  const id = `t${(scripts += 1)}`;
  endpoint.script(id, steps);
  const baseURL = `${endpoint.url}/s/${id}/v1`;
  return {
    id,
    baseURL,
    client: (options = {}) => new hfetch.HuggingFace({ apiKey: "hf_test", baseURL, model: MODEL, ...options }),
    /** A client that takes the endpoint for Hugging Face's router. */
    atRouter(options = {}) {
      const there = (url, init) => fetch(url.replace("https://router.huggingface.co/v1", baseURL), init);
      return new hfetch.HuggingFace({ apiKey: "hf_test", model: MODEL, fetch: there, ...options });
    },
    stats: (until) => endpoint.stats(id, until),
    /** The counters once no answer is open any more. */
    async closed() {
      const stats = await endpoint.stats(id, "closed");
      if (stats.open !== 0) throw new Error(`${stats.open} answers are still open at the endpoint`);
      return stats;
    },
  };
}

/** Everything that an iterable yields before it ends or fails: { items, error }. */
export async function drain(iterable) {
  const items = [];
  try {
    for await (const item of iterable) items.push(item);
  } catch (error) {
    return { items, error };
  }
  return { items, error: null };
}

/** The error with which a promise rejects; if it resolves, the test fails. */
export async function failure(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, got ${JSON.stringify(value)?.slice(0, 200)}`);
}
