// Habits that people have with any package: they log its objects, leave by `using`, load it twice.
import { PROMPT, SOME_BYTES, collect, scenario, textOf } from "./setting.mjs";

const KEY = "hf_scenario";
const INNER = 500; // objects that are examined

/** Every string that can be reached from a value: through properties of any kind, entries, an error's hidden properties, and prototypes. */
function strings(value, seen = new Set()) {
  if (typeof value === "string") return [value];
  if (value === null || !["object", "function"].includes(typeof value) || seen.has(value) || seen.size > INNER) return [];
  seen.add(value);
  const found = [];
  for (let at = value; at && at !== Object.prototype && at !== Function.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Reflect.ownKeys(at)) {
      try {
        found.push(String(name), ...strings(value[name], seen));
      } catch {
        // Some getters can't be called on every object, such as those of a prototype.
      }
    }
  }
  if (typeof value.entries === "function" && value !== Array.prototype) found.push(...strings([...value.entries()], seen));
  return found;
}

/** The output of each of the runtime's own ways to show a value; `inspect` is that of node:util. */
function shown(value, inspect) {
  const { Bun, Deno } = globalThis;
  return [
    String(value),
    JSON.stringify(value),
    inspect?.(value, { depth: Infinity, showHidden: true }),
    inspect?.(value),
    Deno?.inspect(value, { depth: 99, showHidden: true }),
    Bun?.inspect(value),
  ].filter((text) => text !== undefined);
}

/** `leave` disposes of a stream that is being read. */
const disposal = (name, leave, rest) =>
  scenario(
    `${name} hangs up`,
    async ({ client, script, closed, statements, assert }) => {
      await script({ stallAfter: SOME_BYTES });
      const stream = await client().chat.completions.create({ messages: PROMPT, stream: true });
      await leave(stream, statements);
      assert.equal((await closed()).disconnected, 1);
      assert.equal((await stream.settled).outcome, "aborted");
    },
    rest,
  );

/** Disposes of a stream as the statements do, for engines that don't have them. */
const disposeOf = (symbol) => async (stream) => {
  await stream.next();
  await stream[symbol]();
};

export const habit = [
  scenario("a base URL that is relative to the page works there, and is refused by name elsewhere", async ({ client, baseURL, inPage, hfetch, assert }) => {
    const relative = baseURL.replace(/^http:/, "");
    let made;
    try {
      made = client({ baseURL: relative });
    } catch (error) {
      assert.ok(!inPage, String(error));
      assert.ok(error instanceof hfetch.ConfigError, String(error));
      assert.deepEqual([error.path, /relative/.test(error.message)], ["baseURL", true]);
      return;
    }
    assert.equal((await made.chat.completions.create({ messages: PROMPT })).object, "chat.completion");
  }),
  scenario("a signal in the body ends the call", async ({ client, script, stats, closed, assert }) => {
    await script({ stallBeforeHeaders: true });
    const abort = new AbortController();
    const pending = client().chat.completions.create({ messages: PROMPT, signal: abort.signal });
    await stats("open:1");
    abort.abort("enough");
    const error = await pending.catch((thrown) => thrown);
    assert.deepEqual([error.name, error.cause], ["APIUserAbortError", "enough"]);
    const { bodies } = await closed();
    assert.ok(!("signal" in bodies[0]), JSON.stringify(bodies[0]));
  }),
  scenario("whatever is logged, inspected or written as JSON holds no key", async ({ client, inspect, assert }) => {
    const hf = client({ pricing: { inputPerMillion: 1, outputPerMillion: 1 } });
    const functionKey = client({ apiKey: async () => KEY });
    const pending = hf.chat.completions.create({ messages: PROMPT, stream: true });
    const { data: stream, ...rest } = await pending.withResponse();
    const chunks = await collect(stream);
    const error = await hf.chat.completions.create({ messages: PROMPT, model: "no-such/model" }).catch((thrown) => thrown);
    const refused = await functionKey.chat.completions.create({ messages: PROMPT, model: "no-such/model" }).catch((thrown) => thrown);
    const everything = { hf, functionKey, pending, stream, rest, chunks, error, refused, settled: await pending.settled, snapshot: hf.snapshot() };
    for (const [name, value] of Object.entries(everything)) {
      console.log(name, value);
      for (const text of [...shown(value, inspect), ...strings(value)]) assert.ok(!text.includes(KEY), `${name}: ${text.slice(0, 300)}`);
    }
  }),

  scenario("a client and a stream say what they are", async ({ client, assert }) => {
    const hf = client();
    const stream = await hf.chat.completions.create({ messages: PROMPT, stream: true });
    await stream.final();
    assert.deepEqual([String(hf), String(stream)], ["[object HuggingFace]", "[object ChatStream]"]);
    assert.deepEqual(JSON.parse(JSON.stringify(hf)), hf.snapshot());
    const asShown = hf[Symbol.for("nodejs.util.inspect.custom")](2, {}, JSON.stringify);
    assert.match(asShown, /^HuggingFace \{"keys":\[\{"key":"huggingface-[0-9a-f]{8}"/);
  }),

  disposal("Symbol.asyncDispose", disposeOf(Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose"))),
  disposal("Symbol.dispose", disposeOf(Symbol.dispose ?? Symbol.for("Symbol.dispose"))),
  disposal("await using", (stream, { inAwaitUsing }) => inAwaitUsing(stream), { needs: "statements" }),
  disposal("using", (stream, { inUsing }) => inUsing(stream), { needs: "statements" }),

  scenario(
    "a second copy of the package does no harm: both work, and know each other's errors",
    async ({ hfetch, copies, client, baseURL, script, assert }) => {
      const first = client();
      for (const copy of await copies()) {
        const second = new copy.HuggingFace({ apiKey: KEY, baseURL, model: "meta-llama/Llama-3.1-8B-Instruct" });
        const asked = [first, second].map((hf) => hf.chat.completions.create({ messages: PROMPT, stream: true }));
        const texts = await Promise.all(asked.map(async (stream) => textOf(await collect(await stream))));
        assert.ok(texts[0].length > 0 && texts[0] === texts[1], JSON.stringify(texts));
        await script({ status: 429, times: 2 });
        for (const hf of [first, second]) {
          const error = await hf.chat.completions.create({ messages: PROMPT }, { retry: false }).catch((thrown) => thrown);
          for (const { APIError, ConfigError, HfetchError, RateLimitError } of [hfetch, copy]) {
            const kinds = [RateLimitError, APIError, HfetchError, ConfigError].map((kind) => error instanceof kind);
            assert.deepEqual(kinds, [true, true, true, false]);
          }
        }
      }
    },
    { needs: "copies" },
  ),

  scenario("a class made from an error class has none of its instances but its own", ({ hfetch, assert }) => {
    class Mine extends hfetch.APIError {}
    const error = new hfetch.APIError("no");
    assert.deepEqual([error instanceof Mine, new Mine("mine") instanceof Mine, new Mine("mine") instanceof hfetch.HfetchError], [false, true, true]);
    for (const other of [null, undefined, "APIError", 7, { name: "APIError" }, new Error("other")]) assert.ok(!(other instanceof hfetch.APIError), String(other));
  }),
];
