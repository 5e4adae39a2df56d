// What metering costs at the edge: a gateway beside a Worker that hands the upstream's stream on untouched. Needs Node 22.
import { createServer } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { stream } from "./workloads.mjs";
import { startWorker } from "./workerd.mjs";

const TOKENS = 1000;
const STREAMS = Number(process.argv[2] ?? 100);
const ROUNDS = Number(process.argv[3] ?? 5);
const KEY = "a-client-key";

const events = [...stream("single slot", TOKENS), "[DONE]"].map((payload) => `data: ${payload}\n\n`);
// At once, as after a pause of the network; and one by one, as tokens come.
const upstream = createServer(async (request, response) => {
  request.resume();
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.socket.setNoDelay(true);
  if (request.url.startsWith("/slow")) {
    for (const event of events) {
      response.write(event);
      await turn();
    }
  } else {
    response.write(events.join(""));
  }
  response.end();
});
await new Promise((resolve) => upstream.listen(0, "127.0.0.1", resolve));
const address = `http://127.0.0.1:${upstream.address().port}`;

const ask = `const ask = (request) => {
  const url = request.url.includes("slow") ? ${JSON.stringify(`${address}/slow/v1`)} : ${JSON.stringify(`${address}/v1`)};
  return fetch(url + "/chat/completions", { method: "POST", headers: { "content-type": "application/json", authorization: "Bearer key" }, body: request.body });
};`;
const workers = {
  "bare pass-through": `
    ${ask}
    export default {
      fetch: ask,
    };`,
  // What any Worker pays that looks at the stream, whatever it looks for.
  "pass-through in JavaScript": `
    ${ask}
    export default {
      async fetch(request) {
        const response = await ask(request);
        const reader = response.body.getReader();
        const pull = async (controller) => {
          const { value, done } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        };
        return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), response);
      },
    };`,
  "hfetch/gateway": `
    import { gateway } from "hfetch/gateway";
    const make = (baseURL) => gateway({ apiKeys: ["hf_key"], baseURL, clientKeys: [${JSON.stringify(KEY)}], limits: {} });
    const [fast, slow] = [make(${JSON.stringify(`${address}/v1`)}), make(${JSON.stringify(`${address}/slow/v1`)})];
    export default {
      fetch: (request, env, ctx) => {
        const url = new URL(request.url);
        const handler = url.searchParams.has("slow") ? slow : fast;
        return handler.fetch(request, env, ctx);
      },
    };`,
};

const body = JSON.stringify({ model: "org/model", messages: [{ role: "user", content: "hi" }], stream: true });
async function streams(worker, query, count) {
  let bytes = 0;
  for (let index = 0; index < count; index++) {
    const response = await worker.ask(`/v1/chat/completions${query}`, { method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${KEY}` }, body });
    bytes += (await response.text()).length;
  }
  return bytes / count;
}

const running = [];
for (const [library, source] of Object.entries(workers)) running.push([library, await startWorker({ source })]);
const queries = { "events in large network chunks": "", "one event per network chunk": "?slow" };
for (const query of Object.values(queries)) for (const [, worker] of running) await streams(worker, query, STREAMS);
for (let round = 0; round < ROUNDS; round++) {
  for (const [workload, query] of Object.entries(queries)) {
    for (const [library, worker] of running) {
      const start = await worker.cpu();
      await streams(worker, query, STREAMS);
      console.log(JSON.stringify({ kind: "edge", library, workload, size: 0, ns: (((await worker.cpu()) - start) * 1e6) / STREAMS }));
    }
  }
}
for (const [, worker] of running) await worker.stop();
upstream.close();
