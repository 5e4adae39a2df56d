// A snippet that is a Worker, through wrangler and in workerd: worker.mjs <snippet> <endpoint>. The router is the stand-in endpoint.

import { dirname, join } from "node:path";
import { bundleWithWrangler, startBundle } from "../package/runtime/wrangler.mjs";

const [snippet, endpoint] = process.argv.slice(2);
const out = join(dirname(snippet), "worker");

/** All that the Worker fetches. */
function outboundService(request) {
  const url = new URL(request.url);
  if (url.origin !== "https://router.huggingface.co") throw new Error(`the snippet asked for ${url}`);
  return fetch(endpoint + url.pathname, { method: request.method, headers: request.headers, body: request.body, duplex: "half" });
}

await bundleWithWrangler(snippet, out);
const worker = await startBundle(out, { bindings: { HF_TOKEN: process.env.HF_TOKEN }, outboundService });
try {
  const body = JSON.stringify({ messages: [{ role: "user", content: "Hello." }] });
  const response = await worker.dispatchFetch("http://worker/", { method: "POST", body });
  console.log(response.status, response.headers.get("content-type"));
  console.log(await response.text());
} finally {
  await worker.dispose();
}
