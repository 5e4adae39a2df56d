// The setting of a scenario: a script of its own at the endpoint, and clients that talk to it.

export const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
export const PROMPT = [{ role: "user", content: "Say something short." }];
/** Enough bytes for a whole event, and too few for the whole answer. */
export const SOME_BYTES = 700;

let started = 0;

/** A scenario whose `run` also gets the setting below. */
export function scenario(name, run, rest = {}) {
  return { name, ...rest, run: (t) => run({ ...t, ...setting(t) }) };
}

function setting({ hfetch, url, runtime, control, assert }) {
  const id = `${runtime}-${(started += 1)}-${Math.random().toString(36).slice(2)}`;
  const baseURL = `${url}/s/${id}/v1`;
  return {
    id,
    baseURL,
    /** Whether this is a page, where CORS hides some response headers. */
    inPage: ["chromium", "firefox", "webkit"].includes(runtime),
    client: (options = {}) => new hfetch.HuggingFace({ apiKey: "hf_scenario", baseURL, model: MODEL, ...options }),
    /** A client of the router, whose requests go to the endpoint instead. */
    routerClient: (options = {}) =>
      new hfetch.HuggingFace({
        apiKey: "hf_scenario",
        model: MODEL,
        ...options,
        fetch: (target, init) => fetch(target.replace("https://router.huggingface.co", `${url}/s/${id}`), init),
      }),
    script: (...steps) => control.script(id, steps),
    stats: (until) => control.stats(id, until),
    /** Waits until no answer is open at the endpoint, and returns its counters. */
    async closed() {
      const stats = await control.stats(id, "closed");
      assert.equal(stats.open, 0, "answers still open at the endpoint");
      return stats;
    },
  };
}

/** Everything that a stream yields. */
export async function collect(iterable) {
  const all = [];
  for await (const one of iterable) all.push(one);
  return all;
}

/** The text of chunks. */
export function textOf(chunks) {
  return chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? "").join("");
}
