// Each library through its own public API, on the same bytes. This file is loaded when the race starts.

import { HuggingFace } from "hfetch";
import { createParser } from "eventsource-parser";
import { OpenAI } from "openai";

const WARM_UP = 2; // rounds that don't count
const options = { apiKey: "race", baseURL: "http://127.0.0.1:9/v1" };
const request = { model: "org/model", messages: [{ role: "user", content: "hi" }], stream: true };

function answer(pieces) {
  let at = 0;
  const pull = (controller) => (at < pieces.length ? controller.enqueue(pieces[at++]) : controller.close());
  return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), { headers: { "content-type": "text/event-stream" } });
}

const textOf = (chunk) => chunk.choices[0]?.delta.content ?? "";

async function chunks(stream) {
  let text = "";
  for await (const chunk of stream) text += textOf(chunk);
  return text;
}

/** For each contender a function that reads one stream to its end and returns its text. */
function contenders(pieces) {
  const fetch = async () => answer(pieces);
  const hfetch = new HuggingFace({ ...options, fetch });
  const openai = new OpenAI({ ...options, fetch, maxRetries: 0, dangerouslyAllowBrowser: true });
  return {
    hfetch: async () => chunks(await hfetch.chat.completions.create(request)),
    text: async () => {
      let text = "";
      for await (const piece of (await hfetch.chat.completions.create(request)).text()) text += piece;
      return text;
    },
    parser: async () => {
      let text = "";
      const onEvent = ({ data }) => data !== "[DONE]" && (text += textOf(JSON.parse(data)));
      const parser = createParser({ onEvent });
      const decoder = new TextDecoder();
      const reader = answer(pieces).body.getReader();
      for (let read = await reader.read(); !read.done; read = await reader.read()) parser.feed(decoder.decode(read.value, { stream: true }));
      return text;
    },
    openai: async () => chunks(await openai.chat.completions.create(request)),
  };
}

/** Network chunks of `size` bytes; 0: one per event. */
function cut(bytes, size) {
  if (size > 0) return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.slice(index * size, (index + 1) * size));
  const encoder = new TextEncoder();
  return new TextDecoder().decode(bytes).split(/(?<=\n\n)/).map((event) => encoder.encode(event));
}

/** Alternates the contenders within each round, so that other work on the machine affects all of them alike. */
export async function race({ bytes, size, rounds, tell }) {
  const pieces = cut(bytes, size);
  const runners = contenders(pieces);
  const times = Object.fromEntries(Object.keys(runners).map((id) => [id, []]));
  const expected = await runners.parser();
  for (let round = -WARM_UP; round < rounds; round += 1) {
    if (round >= 0) tell(round + 1);
    for (const [id, run] of Object.entries(runners)) {
      // The page gets a turn, and no contender has to collect more of another's garbage than the next.
      await new Promise((resolve) => setTimeout(resolve));
      const from = performance.now();
      const text = await run();
      const took = performance.now() - from;
      if (text !== expected) throw new Error(`${id} read another text than the others`);
      if (round >= 0) times[id].push(took);
    }
  }
  return { times, events: cut(bytes, 0).length };
}
