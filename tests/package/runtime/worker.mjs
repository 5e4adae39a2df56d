// The scenarios in a Worker, each in a request of its own, since I/O objects belong to the request that made them. And one client for many simultaneous
// requests, as a Worker's author has it at module scope.
import * as hfetch from "hfetch";
import * as slim from "hfetch/slim";
import scenarios from "../scenarios.mjs";
import { runScenario, scenariosFor } from "./harness.mjs";

let shared;
let calls = 0;
let peak = 0;

/** Streams an answer from the client that all requests share; `/shared/state` returns that client's state. */
async function sharedClient(path, parameters, signal) {
  // The client uses everything for which one request could wait because of another: a place in line, the catalogue, a key.
  shared ??= new hfetch.HuggingFace({
    apiKey: async () => "hf_ticket",
    baseURL: parameters.get("endpoint"),
    model: "meta-llama/Llama-3.1-8B-Instruct",
    limits: { maxConcurrent: 3 },
    pricing: "live",
    fetch: (url, init) => {
      if (init.method === "POST") peak = Math.max(peak, (calls += 1));
      return fetch(url, init);
    },
    onSettled: () => (calls -= 1),
  });
  if (path === "/shared/state") return Response.json({ ...shared.snapshot(), peak });
  const messages = [{ role: "user", content: parameters.get("word") }];
  const stream = await shared.chat.completions.create({ messages, stream: true }, { signal });
  return new Response(stream.toReadableStream());
}

export default {
  async fetch(request) {
    const { pathname, searchParams: parameters } = new URL(request.url);
    if (pathname.startsWith("/shared/")) return sharedClient(pathname, parameters, request.signal);
    // slim shares what this entry has already started, so init() does nothing.
    const copies = async () => [slim, await slim.init("http://never.asked.for/").then(() => slim)];
    const context = { hfetch, url: parameters.get("endpoint"), runtime: "workerd", list: parameters.get("list"), copies };
    const chosen = scenariosFor(scenarios, context);
    const scenario = chosen.find(({ name }) => name === parameters.get("name"));
    if (!scenario) return Response.json(chosen.map(({ name }) => name));
    return Response.json(await runScenario(scenario, context));
  },
};
