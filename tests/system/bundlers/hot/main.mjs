// A page whose module with the client is edited in the middle of a stream; its bundler then loads the package a second time.
import { APIError } from "hfetch";
import { report } from "../../../package/runtime/page-report.mjs";
import * as first from "./client.mjs";

const ask = (hf, word) => hf.chat.completions.create({ messages: [{ role: "user", content: word }], stream: true });
const edited = new Promise((resolve) => import.meta.hot.accept("./client.mjs", resolve));

async function textOf(stream) {
  let text = "";
  for await (const piece of stream.text()) text += piece;
  return text;
}

const checks = {
  async "an edit in the middle of a stream"() {
    const before = await ask(first.hf, "before");
    await fetch("/edit", { method: "POST" });
    const second = await edited;
    const texts = await Promise.all([textOf(before), ask(second.hf, "after").then(textOf)]);
    const { inFlight, queued } = first.hf.snapshot();
    return { editions: [first.edition, second.edition], texts: texts.map((text) => text.split("\n")[0]), inFlight, queued };
  },
  async "the package loaded a second time"() {
    const [{ name }] = performance.getEntriesByType("resource").filter((entry) => /\/hfetch\.js/.test(entry.name));
    const again = await import(/* @vite-ignore */ `${name}&again`);
    const hf = new again.HuggingFace({ apiKey: "hf_limited", baseURL: `${new URL(location.href).searchParams.get("endpoint")}/v1` });
    const error = await hf.chat.completions.create({ model: "a/b", messages: [{ role: "user", content: "x" }] }, { retry: false }).catch((thrown) => thrown);
    return { another: again.APIError !== APIError, status: error.status, known: error instanceof APIError, text: (await textOf(await ask(first.hf, "still"))).split("\n")[0] };
  },
};

const expected = {
  "an edit in the middle of a stream": { editions: [1, 2], texts: ["You said: before", "You said: after"], inFlight: 0, queued: 0 },
  "the package loaded a second time": { another: true, status: 429, known: true, text: "You said: still" },
};

const results = [];
for (const [name, check] of Object.entries(checks)) {
  const seen = JSON.stringify(await check().catch((error) => `${error.stack}`));
  const ok = seen === JSON.stringify(expected[name]);
  results.push({ name, ok, error: ok ? undefined : `expected ${JSON.stringify(expected[name])}, got ${seen}` });
}
await report({ results });
