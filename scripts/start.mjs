// npm start [-- --port N]: builds, streams one answer to the terminal, and serves the demo page.
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { buildPackage } from "./build.mjs";
import { main, root, Stop } from "./run.mjs";
import { serve } from "./serve.mjs";

const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
const ROUTER = (process.env.HF_BASE_URL ?? "https://router.huggingface.co/v1").replace(/\/+$/, "");
const FIRST_PORT = 8787;
const PACE = 25; // ms between the frames of the stand-in, so that streaming can be seen

/** Streams one short answer through the built package, so that it proves itself without a browser. */
async function streamToTerminal(pkg, options) {
  const { HuggingFace } = await import(pathToFileURL(join(pkg, "dist/index.js")));
  const client = new HuggingFace(options);
  const messages = [{ role: "user", content: "Say hello in one short sentence." }];
  const pending = client.chat.completions.create({ model: MODEL, messages, max_tokens: 60, stream: true });
  process.stdout.write("\n> Say hello in one short sentence.\n");
  for await (const text of (await pending).text()) process.stdout.write(text);
  const { usage } = await pending.settled;
  console.log(`\n  (${usage.prompt_tokens} + ${usage.completion_tokens} tokens${usage.source === "estimated" ? ", estimated" : ""})\n`);
}

/**
 * Passes /v1 on to the router with the key added, bytes as they come: the page never gets the key. Only this page may ask:
 * any other site open in the same browser could otherwise spend it.
 */
function routerWithKey(token) {
  return async (request, response) => {
    const { host, origin = `http://${host}`, "content-type": type } = request.headers;
    const own = ["127.0.0.1", "localhost"].map((name) => `http://${name}:${request.socket.localPort}`);
    if (origin !== `http://${host}` || !own.includes(origin)) return response.writeHead(403).end("only this server's own page may use it\n");
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const answer = await fetch(ROUTER + request.url.slice("/v1".length), {
        method: request.method,
        headers: { authorization: `Bearer ${token}`, ...(type && { "content-type": type }) },
        body: ["GET", "HEAD"].includes(request.method) ? undefined : Readable.toWeb(request),
        duplex: "half",
        signal: gone.signal,
      });
      // fetch has already undone the encoding, and with it the length.
      const headers = Object.fromEntries([...answer.headers].filter(([name]) => !/^(content-(encoding|length)|transfer-encoding|connection)$/.test(name)));
      response.writeHead(answer.status, headers);
      await pipeline(Readable.fromWeb(answer.body ?? new ReadableStream({ start: (body) => body.close() })), response);
    } catch (error) {
      if (gone.signal.aborted) return;
      if (!response.headersSent) response.writeHead(502, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: `the router could not be reached: ${error.cause?.message ?? error.message}` } }));
    }
  };
}

async function serveOnFreePort(port, options) {
  for (let tried = port; tried < port + 20; tried += 1) {
    try {
      return await serve({ ...options, port: tried });
    } catch (error) {
      if (error.code !== "EADDRINUSE") throw error;
      console.log(`Port ${tried} is taken, trying ${tried + 1}.`);
    }
  }
  throw new Stop(`No free port from ${port} to ${port + 19}: choose one with --port.`);
}

function portOf(text) {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Stop(`--port ${text} is no port number`);
  return port;
}

async function command() {
  const { values } = parseArgs({ options: { port: { type: "string", default: String(FIRST_PORT) } } });
  const port = portOf(values.port);
  const { out } = await buildPackage();
  const token = process.env.HF_TOKEN;
  const { startEndpoint } = await import("../tests/endpoint/server.mjs");
  const open = [];
  const stop = async () => {
    await Promise.all(open.map((server) => server.close()));
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
  const endpoint = token ? null : await startEndpoint({ pace: PACE });
  if (endpoint) open.push(endpoint);
  try {
    await present(out, { port, token, endpoint, open });
  } catch (error) {
    await endpoint?.close();
    throw error;
  }
}

/** Shows the package at work, in the terminal and as a page, whose server is added to what is `open`. */
async function present(pkg, { port, token, endpoint, open }) {
  const baseURL = endpoint ? `${endpoint.url}/v1` : ROUTER;
  console.log(token ? `HF_TOKEN is set: talking to ${baseURL}` : "HF_TOKEN is not set: talking to a stand-in endpoint on this machine, no model is behind it");
  await streamToTerminal(pkg, { baseURL, apiKey: token ?? "stand-in" }).catch((error) => {
    if (!token) throw error;
    console.error(`${error.name}: ${error.message}\n`);
  });
  const config = { baseURL: token ? "/v1" : baseURL, standIn: !token, model: MODEL };
  const sendConfig = (_, response) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(config));
  const server = await serveOnFreePort(port, {
    folders: { "/": join(root, "www"), "/hfetch/": join(pkg, "dist") },
    routes: { "/config.json": sendConfig, ...(token && { "/v1/": routerWithKey(token) }) },
  });
  open.push(server);
  console.log(`The demo page: ${server.url}  (Ctrl-C stops it)`);
}

await main(command, import.meta.url);
