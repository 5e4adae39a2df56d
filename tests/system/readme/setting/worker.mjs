// Runs a snippet that is a Worker with wrangler and in workerd: worker.mjs <snippet> <endpoint>. The stand-in endpoint replaces the router.

import { dirname, join } from "node:path";
import { bundleWithWrangler, startBundle } from "../../../package/runtime/wrangler.mjs";

const [snippet, endpoint] = process.argv.slice(2);
const out = join(dirname(snippet), "worker");

const TOO_FAST = "Too fast.";

/** Answers everything that the Worker fetches. */
async function outboundService(request) {
  const url = new URL(request.url);
  if (url.origin !== "https://router.huggingface.co") throw new Error(`the snippet asked for ${url}`);
  if ((await request.clone().text()).includes(TOO_FAST)) return new Response("slow down", { status: 429, headers: { "retry-after": "60" } });
  return fetch(endpoint + url.pathname, { method: request.method, headers: request.headers, body: request.body, duplex: "half" });
}

await bundleWithWrangler(snippet, out);
const worker = await startBundle(out, { bindings: { HF_TOKEN: process.env.HF_TOKEN }, outboundService });
try {
  for (const content of ["Hello.", TOO_FAST]) {
    const body = JSON.stringify({ messages: [{ role: "user", content }] });
    const response = await worker.dispatchFetch("http://worker/api/chat/completions", { method: "POST", body });
    console.log(response.status, response.headers.get("retry-after") ?? response.headers.get("content-type"));
    console.log(await response.text());
  }
  // Requests that a browser makes besides, and requests that ask nothing.
  for (const [path, init] of [["/favicon.ico"], ["/", { method: "POST", body: "{}" }], ["/api/chat/completions"], ["/api/chat/completions", { method: "POST", body: "no JSON" }], ["/api/chat/completions", { method: "POST", body: "{}" }]]) {
    const response = await worker.dispatchFetch(`http://worker${path}`, init);
    console.log(response.status, response.headers.get("x-should-retry"), await response.text());
  }
} finally {
  await worker.dispose();
}
