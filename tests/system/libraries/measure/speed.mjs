// The time that a client's fetch adds to a library's own: for a whole answer and for a stream of 300 chunks, with and without it, alternately in one run.
// The server is a process of its own. node speed.mjs [rounds] prints a line of JSON.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { root } from "../../../../scripts/run.mjs";
import { LIBRARIES } from "../setting/libraries.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const { HuggingFace } = await import(pathToFileURL(join(packageFolder, "dist/index.js")).href);

const CHUNKS = 300;
const WARM = 30;
const WORDS = Array.from({ length: CHUNKS }, (_, at) => `word${at} `);

// Writes one chunk per turn of the event loop, like a server that streams.
const SERVER = `
import { createServer } from "node:http";
const chunk = (delta, finish_reason = null) => "data: " + JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason }] }) + "\\n\\n";
const words = Array.from({ length: ${CHUNKS} }, (_, at) => chunk({ content: "word" + at + " " }));
const whole = JSON.stringify({ id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  if (!JSON.parse(body).stream) return response.writeHead(200, { "content-type": "application/json" }).end(whole);
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.socket.setNoDelay(true);
  for (const word of words) { response.write(word); await new Promise(setImmediate); }
  response.end(chunk({}, "stop") + "data: [DONE]\\n\\n");
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;

const median = (list) => list.toSorted((one, other) => one - other)[Math.floor(list.length / 2)];

async function timed(run, expected) {
  const started = performance.now();
  const text = await run();
  if (text !== expected) throw new Error(`another answer: ${text.slice(0, 50)}`);
  return performance.now() - started;
}

/** Returns [{library, way, alone, with}]: medians in ms. */
export async function measureSpeed(rounds = 150) {
  const server = spawn(process.execPath, ["--input-type=module", "-e", SERVER], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [port] = await once(createInterface(server.stdout), "line");
    const baseURL = `http://127.0.0.1:${port}/v1`;
    const hf = new HuggingFace({ apiKey: "hf_libraries", baseURL });
    const rows = [];
    for (const [library, of] of Object.entries(LIBRARIES)) {
      const both = { alone: of(baseURL), with: of(baseURL, hf.fetch) };
      for (const [way, expected] of [["whole", "Hi"], ["stream", WORDS.join("")]]) {
        if (both.alone[way] === undefined) continue;
        const times = { alone: [], with: [] };
        for (let round = 0; round < rounds + WARM; round++) {
          for (const name of round % 2 ? ["alone", "with"] : ["with", "alone"]) {
            const ms = await timed(() => both[name][way](), expected);
            if (round >= WARM) times[name].push(ms);
          }
        }
        rows.push({ library, way, alone: median(times.alone), with: median(times.with) });
      }
    }
    return rows;
  } finally {
    server.kill();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = await measureSpeed(Number(process.argv[2] ?? 150));
  await new Promise((resolve) => process.stdout.write(`\n${JSON.stringify(rows)}\n`, resolve));
  process.exit(0);
}
