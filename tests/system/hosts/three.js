// The three checks for every host: stream one answer, cancel one, get one error. The test puts this file next to the host's own.

const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
const LONG = "word ".repeat(2_000);

/** Returns { stream, cancel, error }, each "ok" or what went wrong. `base` is the stand-in endpoint, which counts under a name. */
export async function three(hfetch, base) {
  const client = (name) => new hfetch.HuggingFace({ apiKey: "hf_host", baseURL: `${base}/s/${name}/v1`, model: MODEL, maxRetries: 0 });
  const ask = (name, content, more) => client(name).chat.completions.create({ messages: [{ role: "user", content }], stream: true, ...more });
  const tasks = {
    async stream() {
      let text = "";
      for await (const part of (await ask("stream", "one two three")).text()) text += part;
      return text.includes("one two three") ? "ok" : `the answer was ${JSON.stringify(text)}`;
    },
    async cancel() {
      const stream = await ask("cancel", LONG);
      for await (const chunk of stream) if (chunk) break;
      const { outcome } = await stream.settled;
      return outcome === "aborted" ? "ok" : `the outcome was ${outcome}`;
    },
    async error() {
      const error = await ask("error", "Hello?", { model: "no-such/model" }).then(() => undefined, (thrown) => thrown);
      const known = error instanceof hfetch.BadRequestError && error instanceof hfetch.HfetchError && error.status === 400;
      return known ? "ok" : `the error was ${error?.name}: ${error?.message}`;
    },
  };
  const results = {};
  for (const [name, task] of Object.entries(tasks)) {
    results[name] = await task().catch((error) => `${error?.name}: ${error?.message} ${error?.hint ?? ""}`);
  }
  return results;
}

/** A server's answer to a visitor: the results of the three checks, or (`?pass=1`) an answer that is streamed on for as long as the visitor listens. */
export async function answer(hfetch, url, signal) {
  const { searchParams } = new URL(url);
  const base = searchParams.get("base");
  if (!searchParams.has("pass")) return Response.json(await three(hfetch, base));
  const hf = new hfetch.HuggingFace({ apiKey: "hf_host", baseURL: `${base}/s/visitor/v1`, model: MODEL });
  const messages = [{ role: "user", content: LONG }];
  const stream = await hf.chat.completions.create({ messages, stream: true }, { signal });
  return new Response(stream.toReadableStream(), { headers: { "content-type": "text/event-stream" } });
}
