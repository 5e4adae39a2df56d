// A caller over a limit is refused before its body is read, and patterns and bodies cost no more than their length.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hfetch as errors } from "../../package/setting/installed.mjs";
import { runOn } from "../../../src/js/gateway/client.js";
import { ClosedLimits } from "../../../src/js/gateway/closed.js";
import { allowList } from "../../../src/js/gateway/model.js";
import { Service } from "../../../src/js/gateway/service.js";
import { settings } from "../../../src/js/gateway/setting.js";
import { wildcard } from "../../../src/js/gateway/wildcard.js";

runOn(errors.HuggingFace, errors.internals);

const KEY = "a-client-key";
const BODY = { model: "org/name", messages: [{ role: "user", content: "hi" }] };
const LARGE = JSON.stringify({ ...BODY, more: "x".repeat(100_000) });

/** A service whose upstream ends each call as `answer` says; it counts how many times a body was parsed. */
function serve(t, options, answer) {
  const seen = { asked: 0 };
  const upstream = () => {
    seen.asked += 1;
    const given = answer(seen.asked);
    const work = given instanceof Error ? Promise.reject(given) : Promise.resolve({ status: 200, headers: new Headers(), body: "{}" });
    return { answer: work, settled: work.catch(() => {}).then(() => ({ attempts: given?.attempts ?? 1 })) };
  };
  t.mock.method(console, "log", () => {});
  const parse = t.mock.method(JSON, "parse");
  const service = new Service(settings({ clientKeys: [KEY, "another-key"], ...options }, {}), { chat: upstream, responses: upstream, embeddings: upstream });
  const post = async (body, { key = KEY, path = "/v1/chat/completions" } = {}) => {
    const before = parse.mock.callCount();
    const response = await service.fetch(new Request(`https://gw.example${path}`, { method: "POST", headers: { authorization: `Bearer ${key}` }, body, duplex: "half" }), {}, {});
    const parsed = parse.mock.callCount() - before;
    await response.text();
    await new Promise(setImmediate);
    return { response, parsed };
  };
  return { post, seen };
}

const reached = (reason, scope, retryAfter, more) =>
  Object.assign(new errors.LimitExceededError("reached", { reason, retryAfter }), { scope, ...more });

const scopeOf = (key) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)).then((digest) => `client:key-${Buffer.from(digest).toString("hex").slice(0, 8)}`);

test("whoever is over a limit of requests is refused without a question and without a body that is parsed", async (t) => {
  const own = await scopeOf(KEY);
  for (const [reason, scope, others] of [["requests", own, 200], ["month", own, 200], ["requests", "gateway", 429], ["concurrent", own, 200]]) {
    const { post, seen } = serve(t, { clientLimits: { requestsPerMonth: 9 }, limits: { requestsPerMonth: 9 } }, (count) => (count === 1 ? reached(reason, scope, 30_000) : undefined));
    const first = await post(LARGE);
    assert.deepEqual([first.response.status, first.parsed > 0, seen.asked], [429, true, 1]);
    for (const path of ["/v1/chat/completions", "/v1/responses", "/v1/embeddings"]) {
      const { response, parsed } = await post(LARGE, { path });
      assert.deepEqual([response.status, parsed, seen.asked], [429, 0, 1], `${reason} of ${scope}`);
      assert.ok(Number(response.headers.get("retry-after")) >= 1);
    }
    assert.equal((await post(JSON.stringify(BODY), { key: "another-key" })).response.status, others, `${reason} of ${scope}`);
  }
});

test("a body that is refused is read away, and not beyond the limit of bodies", async (t) => {
  const { post } = serve(t, { limits: { requestsPerMinute: 1 }, caps: { bodyBytes: 1_000 } }, () => reached("requests", "gateway", 30_000));
  await post(JSON.stringify(BODY));
  let pulled = 0;
  let cancelled = false;
  const endless = new ReadableStream({ pull: (controller) => void controller.enqueue(new Uint8Array(100).fill(++pulled)), cancel: () => void (cancelled = true) });
  assert.equal((await post(endless)).response.status, 429);
  assert.ok(cancelled && pulled < 20, `${pulled}`);
});

test("what is left of the limits is believed beside a refusal for another reason", async (t) => {
  const quotas = [{ scope: "gateway", reason: "requests", limit: 1, remaining: 0, reset: 30_000 }];
  const { post, seen } = serve(t, { limits: { requestsPerMinute: 1 } }, () => reached("tokens", "gateway", Infinity, { quotas }));
  assert.equal((await post(JSON.stringify(BODY))).response.status, 400);
  const { response, parsed } = await post(JSON.stringify(BODY));
  assert.deepEqual([response.status, parsed, seen.asked, response.headers.get("ratelimit")], [429, 0, 1, '"gateway-requests";r=0;t=30']);
});

test("large bodies that are refused count as requests of their client's minute; small ones, and other clients' don't", async (t) => {
  const { post } = serve(t, { clientLimits: { requestsPerMinute: 3 }, caps: { maxTokens: 1 } }, () => undefined);
  for (let sent = 0; sent < 9; sent += 1) assert.equal((await post("{")).response.status, 400);
  const wrong = JSON.stringify({ ...JSON.parse(LARGE), max_tokens: 2 });
  for (let sent = 0; sent < 3; sent += 1) assert.equal((await post(wrong)).response.status, 400);
  const { response, parsed } = await post(wrong);
  assert.deepEqual([response.status, parsed], [429, 0]);
  assert.equal((await post(JSON.stringify(BODY), { key: "another-key" })).response.status, 200);
});

test("a large body counts as well where the client or a pause refuses it behind the gateway's own look", async (t) => {
  const paused = () => new errors.RateLimitError("a pause", { status: 429, retryAfter: 30_000 });
  const wrong = () => new errors.ConfigError("extra_body.max_tokens: may be at most 5 here", { path: "extra_body.max_tokens" });
  for (const [refuse, status] of [[paused, 429], [wrong, 400]]) {
    const { post, seen } = serve(t, { clientLimits: { requestsPerMinute: 3 } }, () => Object.assign(refuse(), { attempts: 0 }));
    for (let sent = 0; sent < 3; sent += 1) assert.equal((await post(LARGE)).response.status, status);
    const { response, parsed } = await post(LARGE);
    assert.deepEqual([response.status, parsed, seen.asked], [429, 0, 3]);
    t.mock.restoreAll();
  }
});

test("a limit is closed for as long as was said, places until one is free, and neither outlives what was given back", () => {
  const closed = new ClosedLimits();
  const parts = [{ scope: "client:ann" }, { scope: "gateway" }];
  const until = (now) => closed.refusal(parts, now)?.retryAfter;
  closed.refused({ scope: "client:ann", reason: "requests", retryAfter: 5_000 }, 0);
  closed.refused({ scope: "gateway", reason: "month", retryAfter: 2_000 }, 0);
  closed.refused({ scope: "client:ann", reason: "requests", retryAfter: 1_000 }, 0);
  assert.deepEqual([until(0), until(4_999), until(5_000)], [5_000, 1, undefined]);
  for (const refusal of [{ scope: "client:ann", reason: "tokens", retryAfter: 5_000 }, { scope: "client:ann", reason: "budget", retryAfter: 5_000 }, { scope: "key:a", reason: "blocked", retryAfter: 5_000 }, { scope: "key:a", reason: "requests", retryAfter: 5_000 }, { reason: "store", retryAfter: 0 }, { scope: "client:ann", reason: "requests", retryAfter: Infinity }]) closed.refused(refusal, 6_000);
  assert.equal(until(6_000), undefined, "a smaller request, or another model, may be let through");
  closed.refused({ scope: "client:ann", reason: "concurrent", retryAfter: 0 }, 7_000);
  assert.deepEqual([until(7_000), until(8_000)], [1_000, undefined]);
  closed.refused({ scope: "client:ann", reason: "concurrent", retryAfter: 0 }, 9_000);
  closed.ended(parts, true);
  assert.equal(until(9_000), undefined, "a place is free");
  closed.refused({ scope: "client:ann", reason: "requests", retryAfter: 5_000 }, 9_000);
  closed.ended(parts, true);
  assert.equal(until(9_000), 5_000);
  closed.ended(parts, false);
  assert.equal(until(9_000), undefined, "a request that was not sent is not counted");
});

test("a refusal is believed for a minute at most, and of the limits that refused", () => {
  const closed = new ClosedLimits();
  const parts = (requestsPerMonth) => [{ scope: "client:ann", limits: { requestsPerMonth } }];
  const until = (now, most = 10) => closed.refusal(parts(most), now)?.retryAfter;
  const quotas = [{ scope: "client:ann", reason: "month", limit: 10, remaining: 0, reset: 1e9 }];
  closed.refused({ scope: "client:ann", reason: "month", retryAfter: 1e9, quotas }, 0, parts(10));
  assert.deepEqual([until(0), until(59_999), until(60_000)], [1e9, 1e9 - 59_999, undefined], "another isolate may have given a request back");
  closed.refused({ scope: "client:ann", reason: "month", retryAfter: 1e9, quotas }, 60_000, parts(10));
  assert.deepEqual([until(60_001), until(60_002, 20)], [1e9 - 1, undefined], "it has been raised");
});

test("however many scopes are closed, memory is bounded", () => {
  const closed = new ClosedLimits();
  for (let at = 0; at < 30_000; at += 1) closed.refused({ scope: `client:${at}`, reason: "requests", retryAfter: 60_000 }, 0);
  const known = (at) => closed.refusal([{ scope: `client:${at}` }], 1) !== undefined;
  assert.deepEqual([known(0), known(19_999), known(20_000), known(29_999)], [false, false, true, true]);
});

test("a pattern's star crosses neither slash, colon nor blank", () => {
  const table = {
    "meta-llama/*": [["meta-llama/a", "meta-llama/", "meta-llama/a-b.c"], ["meta-llama", "meta-llama/a/b", "meta-llama/a:groq", "meta-llama/a b", "xmeta-llama/a"]],
    "*": [["gpt-oss", ""], ["org/name", "a:b"]],
    "*/*": [["a/b", "/"], ["a", "a/b/c", "a/b:c"]],
    "*/*:groq": [["a/b:groq"], ["a/b", "a/b:groqq", "a/b:fast"]],
    "a*b*c": [["abc", "a-b-c", "aabbcc", "abcbc"], ["ab", "ac", "abcd", "xabc", "acb"]],
    "a**c": [["ac", "abc"], ["a", "c"]],
    "*-Instruct": [["-Instruct", "a-Instruct", "a-Instruct-Instruct"], ["a-Instruct-", "Instruct", "a/-Instruct"]],
    "ab*ba": [["abba", "abxba"], ["aba"]],
    "org/name": [["org/name"], ["org/names", "org/nam", "org\\name", "ORG/name", ""]],
    "a.c": [["a.c"], ["abc"]],
    "*aab*": [["aaab", "aaaab", "aab", "xaabx"], ["aaa", "abab"]],
    "": [[""], ["a"]],
  };
  for (const [pattern, [fit, others]] of Object.entries(table)) {
    const fits = wildcard(pattern);
    for (const text of fit) assert.equal(fits(text), true, `${pattern} ${text}`);
    for (const text of others) assert.equal(fits(text), false, `${pattern} ${text}`);
  }
});

test("patterns say what the regular expressions that they were said", () => {
  const plain = (pattern) => new RegExp(`^${pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("[^/:\\s]*")}$`, "u");
  const words = (alphabet, length) => (length === 0 ? [""] : ["", ...words(alphabet, length - 1)].flatMap((word) => [...alphabet].map((letter) => word + letter)));
  const texts = new Set(words("ab/", 4));
  for (const pattern of new Set(words("ab*/", 4))) {
    const [fits, expected] = [wildcard(pattern), plain(pattern)];
    for (const text of texts) assert.equal(fits(text), expected.test(text), `${pattern} ${text}`);
  }
});

test("the time of a pattern grows with what is matched and no faster", () => {
  for (const [pattern, text] of [
    ["meta-llama/*-*-*-Instruct", `meta-llama/${"-".repeat(100_000)}`], ["*/*-*-*-*-Instruct", `a/${"-".repeat(100_000)}`], [`${"*a".repeat(50_000)}b`, "a".repeat(100_000)],
    [`*${"a".repeat(1_000)}b*c`, "a".repeat(100_000)], [`${"a*".repeat(50_000)}`, "a".repeat(100_000)], [`*${"ab".repeat(500)}c*`, "ab".repeat(50_000)], ["*:*", ":".repeat(100_000)],
  ]) {
    let looks = 0;
    const watched = { length: text.length, charCodeAt: (at) => ((looks += 1), text.charCodeAt(at)) };
    const fits = wildcard(pattern)(watched);
    assert.equal(fits, wildcard(pattern)(text));
    assert.ok(looks <= 4 * text.length, `${pattern.slice(0, 20)}: ${looks}`);
  }
});

test("a name that no pattern fits is refused at once", () => {
  const allows = allowList(Array.from({ length: 100 }, () => "meta-llama/*-*-*-*-*-Instruct"));
  assert.equal(allows(`meta-llama/${"-".repeat(240)}`), false);
});
