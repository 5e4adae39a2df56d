// hf.fetch with any address, method, body and option: a key is sent only below the base URL, the result is a rejection or a response, and nothing is left open or
// unsettled. The addresses are checked in the form in which a fetch would send them.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { root } from "../../../scripts/run.mjs";

const { HuggingFace } = await import(pathToFileURL(join(process.env.HFETCH_PACKAGE ?? join(root, "pkg"), "dist/index.js")).href);
const KEY = "hf_marker_of_hostile_fetches";
const BASE = "https://host.example/team/v1";
const RUNS = 3_000;

const ANSWERS = {
  whole: { body: '{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}', type: "application/json" },
  stream: { body: 'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n', type: "text/event-stream" },
  cut: { body: 'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n', type: "text/event-stream" },
  nonsense: { body: "\0{", type: "text/plain" },
};

/** A client whose requests are recorded: { url, key } for each. */
function watched(answer = () => new Response("{}")) {
  const sent = [];
  const settlements = [];
  const fetch = async (input, init) => {
    const request = new Request(input, { ...init, redirect: "manual", signal: null });
    sent.push({ url: request.url, key: request.headers.get("authorization")?.includes(KEY) ?? false });
    return answer(request.url, sent.length);
  };
  const hf = new HuggingFace({ apiKey: KEY, baseURL: BASE, fetch, retry: false, onSettled: (one) => settlements.push(one) });
  return { hf, sent, settlements };
}

/** Whether an address is below the base URL, by the platform's parser and again after each decoding that a server may do. */
function isBelow(address) {
  let url = new URL(address);
  if (url.username || url.password) return false;
  for (let times = 0; times < 6; times++) {
    if (url.origin !== "https://host.example" || !`${url.pathname}/`.startsWith("/team/v1/")) return false;
    let path;
    try {
      path = url.pathname.replace(/%[0-9a-f]{2}/gi, (hex) => String.fromCharCode(parseInt(hex.slice(1), 16)));
    } catch {
      return false;
    }
    // Some servers drop blanks, and the rest of a segment after a semicolon.
    path = path.replace(/;[^/\\]*/g, "").replace(/[/\\]\s+|\s+(?=[/\\])/g, (blank) => blank.trim());
    url = new URL(`https://host.example${path.startsWith("/") ? path : `/${path}`}`);
  }
  return true;
}

const piece = fc.constantFrom("/", "\\", ".", "..", "%2e", "%2E", "%2f", "%5c", "%252e", "%252f", ";", ";a=b", "%00", "%09", "%20", "\t", "\n", " ", "@", ":", "?", "#", "team", "v1", "v2", "chat/completions", "embeddings", "models", "é", "evil.example", ":443", ":8443", "user:pw@");
const start = fc.constantFrom(BASE, `${BASE}/`, "https://host.example/", "https://host.example", "HTTPS://HOST.EXAMPLE/team/v1", "https://host.example.", "https:\\\\host.example\\team\\v1", "//host.example/team/v1", "https:host.example/team/v1", "https://host.example/team/", "http://host.example/team/v1", "https://evil.example/team/v1", "https://host.example@evil.example/team/v1", " https://host.example/team/v1");
const address = fc.tuple(start, fc.array(piece, { maxLength: 8 })).map(([head, rest]) => head + rest.join(""));
const method = fc.constantFrom("POST", "post", "GET", "Post", "PUT", "patch");

test("a key goes to no address that is not below the base URL, however it is spelt", async () => {
  let below = 0;
  await fc.assert(
    fc.asyncProperty(address, method, async (url, method) => {
      const { hf, sent } = watched();
      const body = method.toUpperCase() === "GET" ? undefined : '{"messages":[],"model":"m","input":"x"}';
      await hf.fetch(url, { method, body, headers: { authorization: "Bearer own" } }).catch(() => {});
      for (const one of sent) {
        if (one.key) assert.ok(isBelow(one.url), `${url} → ${one.url}`);
        below += one.key ? 1 : 0;
      }
    }),
    { numRuns: RUNS },
  );
  assert.ok(below > RUNS / 20, `${below} requests with a key`);
});

test("no redirect takes a key out of there", async () => {
  await fc.assert(
    fc.asyncProperty(address, fc.constantFrom(301, 302, 303, 307, 308), fc.constantFrom("models", "chat/completions"), async (location, status, way) => {
      const header = encodeURI(location).replace(/%25/g, "%");
      const { hf, sent } = watched((url, count) => (count > 3 ? new Response("{}") : new Response(null, { status, headers: { location: header } })));
      const body = way === "models" ? undefined : '{"messages":[],"model":"m"}';
      await hf.fetch(`${BASE}/${way}`, { method: body ? "POST" : "GET", body }).catch(() => {});
      for (const one of sent) if (one.key) assert.ok(isBelow(one.url), `${location} → ${one.url}`);
    }),
    { numRuns: RUNS / 3 },
  );
});

const odd = fc.oneof(fc.constantFrom(undefined, null, "", "{}", "[]", 7, true, "\ud800", new Uint8Array([0xff]), new Date(0)), fc.json(), fc.uint8Array({ maxLength: 20 }), fc.object({ maxDepth: 2 }));
const request = fc.record({
  model: fc.oneof(fc.constant("m"), fc.anything({ maxDepth: 1 })), messages: fc.oneof(fc.constant([{ role: "user", content: "Hi" }]), fc.anything({ maxDepth: 2 })), stream: fc.oneof(fc.boolean(), fc.anything({ maxDepth: 0 })),
}, { requiredKeys: [] }).map((value) => {
  try {
    return JSON.stringify(value);
  } catch {
    return "{}";
  }
});

test("whatever the body and the options, there is a response or a rejection, and each call that was sent is settled once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(request, request, odd), fc.constantFrom("chat/completions", "embeddings", "other"), method, fc.constantFrom(...Object.keys(ANSWERS)), fc.constantFrom({}, { redirect: "error" }, { redirect: "manual" }, { cache: "no-store" }, { duplex: "half" }, { headers: [["x-a", "1"]] }, { headers: new Headers({ "content-length": "3" }) }), async (body, way, method, name, more) => {
      const { body: text, type } = ANSWERS[name];
      const { hf, sent, settlements } = watched(() => new Response(text, { headers: { "content-type": type } }));
      const answer = await hf.fetch(`${BASE}/${way}`, { method, body, ...more }).catch((error) => error);
      if (answer instanceof Response) await answer.text().catch(() => {});
      else assert.ok(answer instanceof Error, String(answer));
      const isCall = way !== "other" && method.toUpperCase() === "POST";
      assert.equal(settlements.length, isCall ? sent.length : 0);
      assert.equal(hf.snapshot().inFlight, 0);
    }),
    { numRuns: RUNS / 2 },
  );
});
