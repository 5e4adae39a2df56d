// Loaded before a snippet on a command line: the snippet's requests to Hugging Face go to the stand-in endpoint, and nowhere else. Then the snippet runs
// unchanged; a route that it exports is called as its host would call it.

import { pathToFileURL } from "node:url";

const [snippet, endpoint] = process.argv.slice(2);
const TOO_FAST = "Too fast.";
const send = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const url = new URL(input);
  if (url.origin !== "https://router.huggingface.co") throw new Error(`a snippet asked for ${url}`);
  if (init?.body?.includes(TOO_FAST)) return Promise.resolve(new Response("slow down", { status: 429, headers: { "retry-after": "60" } }));
  return send(endpoint + url.pathname + url.search, init);
};

const { POST } = await import(pathToFileURL(snippet).href);
if (POST) {
  for (const content of ["Hello.", TOO_FAST]) {
    // useChat's messages have parts.
    const body = JSON.stringify({ messages: [{ role: "user", content, parts: [{ type: "text", text: content }] }] });
    const response = await POST(new Request("http://localhost/", { method: "POST", body }));
    console.log(response.status, response.headers.get("retry-after") ?? response.headers.get("content-type"));
    console.log(await response.text());
  }
  const response = await POST(new Request("http://localhost/", { method: "POST", body: "no JSON" })).catch((error) => error);
  console.log(response.status, response.headers?.get("x-should-retry"));
}
