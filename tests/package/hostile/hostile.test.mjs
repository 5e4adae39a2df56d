// A caller or its own fetch may pass any objects: the result is a typed error or an answer, with one settlement, nothing held, and no prototype changed.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { MODEL, PROMPT, hfetch } from "../setting/installed.mjs";
import "../setting/unhandled.mjs";

const RUNS = { numRuns: 100 };
const KEY = "hf_marker_of_the_hostile";
const COMPLETION = { choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } };

after(() => {
  assert.deepEqual([{}.polluted, [].polluted, (() => {}).polluted], [undefined, undefined, undefined]);
});

const boom = () => {
  throw new Error("mine");
};

/** Values that JSON has, and values that it doesn't. */
const leaf = fc.oneof(fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constantFrom(null, undefined, NaN, -0, Infinity, 1n, Symbol("s"), boom, new Date(0), /x/, new Map([["a", 1]]), new Uint8Array(2), Object.create(null)));
const name = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "prototype", "toJSON", "then", "apiKey", "model", "messages", "timeout", "headers", "limits", "retry", "signal", "temperature", "entries"));

/** Turns a plain object into one that is awkward to read. */
const dress = {
  plain: (object) => object,
  frozen: Object.freeze,
  "null prototype": (object) => Object.assign(Object.create(null), object),
  "a throwing getter": (object) => Object.defineProperty(object, "temperature", { enumerable: true, get: boom }),
  "a getter of secrets": (object) => Object.defineProperty(object, "user", { enumerable: true, get: () => KEY }),
  "a throwing toJSON": (object) => Object.defineProperty(object, "toJSON", { value: boom }),
  "a lying toJSON": (object) => Object.defineProperty(object, "toJSON", { value: () => "text" }),
  "a cycle": (object) => Object.assign(object, { self: object }),
  "a proxy": (object) => new Proxy(object, {}),
  "a proxy that throws": (object) => new Proxy(object, { ownKeys: boom }),
  "a revoked proxy": (object) => {
    const { proxy, revoke } = Proxy.revocable(object, {});
    revoke();
    return proxy;
  },
  "a prototype to pollute": (object) => Object.assign(object, JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')),
};
const nested = fc.letrec((tie) => ({ value: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie("value"), { maxLength: 3 }), fc.dictionary(name, tie("value"), { maxKeys: 3 })) })).value;
// An object gets its hostile prototype or getters only when it is used, since the generator itself reads the objects that it makes.
const hostile = fc.record({ object: fc.dictionary(name, nested, { maxKeys: 4 }), how: fc.constantFrom(...Object.keys(dress)) });
const dressed = ({ object, how }) => dress[how]({ ...object });

const answering = async () => Response.json(COMPLETION);
const client = (options = {}) => new hfetch.HuggingFace({ apiKey: KEY, baseURL: "http://127.0.0.1/v1", model: MODEL, retry: false, fetch: answering, ...options });

/** Fails unless what was thrown is one of the package's errors and shows no key. */
function typed(error) {
  assert.ok(error instanceof hfetch.HfetchError, `${error?.stack ?? String(error)}`);
  assert.ok(!`${error.message}${error.stack}${error.cause?.message}`.includes(KEY), error.message);
}

async function ends(hf, make) {
  const pending = make();
  const error = await pending.then(() => null, (reason) => reason);
  if (error) typed(error);
  const settlement = await pending.settled;
  assert.ok(["ok", "error", "truncated", "aborted"].includes(settlement.outcome));
  const { inFlight, queued } = hf.snapshot();
  assert.deepEqual([inFlight, queued], [0, 0]);
}

test("any options make a client or a ConfigError", () => {
  fc.assert(fc.property(hostile, (options) => {
    try {
      new hfetch.HuggingFace(dressed(options));
    } catch (error) {
      typed(error);
    }
  }), RUNS);
});

test("any provider page makes a client or a ConfigError", () => {
  fc.assert(fc.property(hostile, fc.boolean(), hostile, (entry, alone, env) => {
    try {
      const page = alone ? dressed(entry) : { llm_providers: [dressed(entry)] };
      hfetch.HuggingFace.fromConfig(page, { env: dressed(env) }, { apiKey: KEY });
    } catch (error) {
      typed(error);
    }
  }), RUNS);
});

test("any body and any request options end a call once", async () => {
  await fc.assert(fc.asyncProperty(hostile, hostile, fc.boolean(), async (body, options, whole) => {
    const hf = client();
    const extra = dressed(body);
    await ends(hf, () => hf.chat.completions.create(whole ? { messages: PROMPT, extra } : extra, dressed(options)));
    await ends(hf, () => hf.embeddings.create(whole ? { input: "x", extra } : extra, dressed(options)));
  }), RUNS);
});

const bytes = new TextEncoder().encode('data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}\n\n');
const used = async () => {
  const response = Response.json(COMPLETION);
  await response.text();
  return response;
};
const locked = async () => {
  const response = Response.json(COMPLETION);
  response.body.getReader();
  return response;
};
const reading = (read) => async () => ({ status: 200, headers: new Headers(), body: { getReader: () => ({ read, cancel: boom, releaseLock: boom }), cancel: boom } });

/** Functions that behave badly in place of fetch. */
const fetches = {
  "throws at once": boom,
  "throws a string": () => {
    throw "mine";
  },
  "rejects with a string": async () => Promise.reject("mine"),
  "rejects with nothing": async () => Promise.reject(undefined),
  "rejects with the request": async (_, init) => Promise.reject({ init, headers: [...init.headers] }),
  "quotes the key": async (_, init) => Promise.reject(new TypeError(`bad header ${init.headers.get("authorization")}`)),
  "gives a used body": used,
  "gives a locked body": locked,
  "gives a throwing status": async () => Object.defineProperty({}, "status", { get: boom }),
  "gives a status that is text": async () => ({ status: "200", headers: new Headers() }),
  "gives a reader that never gives bytes": reading(async () => ({ done: false, value: "text" })),
  "gives a reader that gives nothing": reading(async () => undefined),
  "gives a reader that throws": reading(boom),
  "gives a reader that ends twice": reading(async () => ({ done: true, value: bytes })),
  "gives a reader that is done with more to come": reading((() => {
    let turn = 0;
    return async () => ({ done: (turn += 1) % 2 === 0, value: bytes });
  })()),
};
for (const [what, fetch] of Object.entries(fetches)) {
  test(`a fetch that ${what}`, async () => {
    for (const stream of [false, true]) {
      const hf = client({ fetch });
      await ends(hf, () => {
        const pending = hf.chat.completions.create({ messages: PROMPT, stream });
        const read = pending.then(async (answer) => {
          if (stream) for await (const _ of answer);
        });
        return Object.assign(read, { settled: pending.settled });
      });
    }
    await ends(client({ fetch }), () => client({ fetch }).embeddings.create({ input: "x" }));
    await client({ fetch }).models.list().catch(typed);
  });
}

test("a fetch that gives any object", async () => {
  await fc.assert(fc.asyncProperty(fc.oneof(hostile, leaf), async (given) => {
    const hf = client({ fetch: async () => (given?.how ? dressed(given) : given) });
    await ends(hf, () => hf.chat.completions.create({ messages: PROMPT }));
    await hf.models.list().catch(typed);
  }), RUNS);
});

test("any JSON for an answer, any prototype keys in it", async () => {
  await fc.assert(fc.asyncProperty(fc.json({ maxDepth: 4 }), async (text) => {
    const hf = client({ fetch: async () => new Response(text) });
    await ends(hf, () => hf.chat.completions.create({ messages: PROMPT }));
    await ends(hf, () => hf.embeddings.create({ input: ["a", "b"] }));
    await hf.models.list().catch(typed);
  }), RUNS);
});

test("no user string ends a header or leaves the origin", async () => {
  await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.constantFrom("a/b?x=1", "a/b#c", "../../x", "a/../../b", "//evil.example/x", "a\\b", "a/b\r\nx: y", "%2e%2e/x", "a/b:groq/../x", "@evil.example")), async (text) => {
    let seen;
    const fetch = async (url, init) => {
      seen = { url: new URL(url), headers: [...init.headers] };
      return Response.json(COMPLETION);
    };
    const attempts = [
      () => client({ fetch, baseURL: "https://router.huggingface.co/v1" }).embeddings.create({ model: text, input: "x" }),
      () => client({ fetch }).models.retrieve(text),
      () => client({ fetch, billTo: text }).chat.completions.create({ messages: PROMPT }),
      () => client({ fetch }).chat.completions.create({ messages: PROMPT }, { headers: { "x-mine": text } }),
    ];
    for (const attempt of attempts) {
      seen = undefined;
      await (async () => attempt())().catch(typed);
      if (seen === undefined) continue;
      assert.ok(["router.huggingface.co", "127.0.0.1"].includes(seen.url.host), seen.url.href);
      assert.deepEqual([seen.url.search, seen.url.hash, seen.url.username], ["", "", ""], seen.url.href);
      for (const [, value] of seen.headers) assert.ok(!/[\r\n\0]/.test(value), value);
    }
  }), RUNS);
});

test("what stands on Object.prototype is no option: it is given no key", async () => {
  const seen = [];
  Object.prototype.fetch = async (_, { headers }) => (seen.push(headers.get("authorization")), Response.json(COMPLETION));
  Object.prototype.onSettled = (settlement) => seen.push(settlement);
  try {
    const refused = new hfetch.HuggingFace({ apiKey: KEY, baseURL: "http://127.0.0.1:9/v1", model: MODEL, retry: false });
    typed(await refused.chat.completions.create({ messages: PROMPT }).catch((error) => error));
  } finally {
    delete Object.prototype.fetch;
    delete Object.prototype.onSettled;
  }
  assert.deepEqual(seen, []);
});
