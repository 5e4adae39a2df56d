// The page's side of a route for useChat: runs the three checks and returns their results.
const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
const FRAME = /^data: (.*)$/gm;

const framesIn = (text) => [...text.matchAll(FRAME)].map(([, data]) => (data === "[DONE]" ? { type: "done" } : JSON.parse(data)));
const said = (frames) => frames.filter(({ type }) => type === "text-delta").map(({ delta }) => delta).join("");

export async function threeOfChat(route, endpoint, way) {
  const ask = async (name, text, { model = MODEL, signal } = {}) => {
    const messages = [{ id: "u", role: "user", parts: [{ type: "text", text }] }];
    const body = JSON.stringify({ messages, base: `${endpoint}/s/${name}/v1`, model, way });
    const response = await fetch(route, { method: "POST", headers: { "content-type": "application/json" }, body, signal });
    if (response.headers.get("x-vercel-ai-ui-message-stream") !== "v1") throw new Error(`the route answered ${response.status}: ${(await response.text()).slice(0, 1000)}`);
    return response;
  };
  const tasks = {
    async stream() {
      const frames = framesIn(await (await ask("stream", "one two three")).text());
      const kinds = [frames[0], ...frames.slice(-2)].map(({ type }) => type).join();
      return said(frames).includes("one two three") && kinds === "start,finish,done" ? "ok" : `the frames were ${JSON.stringify(frames)}`;
    },
    async cancel() {
      const left = new AbortController();
      const reader = (await ask("cancel", "word ".repeat(2_000), { signal: left.signal })).body.getReader();
      let text = "";
      while (!text.includes("text-delta")) text += new TextDecoder().decode((await reader.read()).value);
      left.abort();
      return "ok";
    },
    async error() {
      const frames = framesIn(await (await ask("error", "Hello?", { model: "no-such/model" })).text());
      const told = frames.find(({ type }) => type === "error")?.errorText;
      return told === "The answer failed." ? "ok" : `the frames were ${JSON.stringify(frames)}`;
    },
  };
  const results = {};
  for (const [name, task] of Object.entries(tasks)) results[name] = await task().catch((error) => `${error?.name}: ${error?.message}`);
  return results;
}
