// npm start [-- --port N] [-- --local-model [--yes]]: builds the package, streams one answer to the terminal, and serves the demo page, whose requests go through the
// gateway.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { builtPackage } from "./build.mjs";
import { gatewayVariables, portOf, startGateway } from "./gateway.mjs";
import { buildPage, servePage } from "./page.mjs";
import { ownPageOnly, passOn } from "./pass-on.mjs";
import { MODEL as LOCAL_MODEL, startLocalModel } from "./local-model.mjs";
import { main, Stop } from "./run.mjs";

const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
const ROUTER = (process.env.HF_BASE_URL ?? "https://router.huggingface.co/v1").replace(/\/+$/, "");
const FIRST_PORT = 8787;
const PACE = 25; // ms between the frames of the stand-in, so that streaming can be seen

/** Streams one short answer through the built package, as a proof that needs no browser. */
async function streamToTerminal(pkg, model, options) {
  const { HuggingFace } = await import(pathToFileURL(join(pkg, "dist/index.js")));
  const client = new HuggingFace(options);
  const messages = [{ role: "user", content: "Say hello in one short sentence." }];
  const pending = client.chat.completions.create({ model, messages, max_tokens: 60, stream: true });
  process.stdout.write("\n> Say hello in one short sentence.\n");
  for await (const text of (await pending).text()) process.stdout.write(text);
  const { usage } = await pending.settled;
  console.log(`\n  (${usage.prompt_tokens} + ${usage.completion_tokens} tokens${usage.source === "estimated" ? ", estimated" : ""})\n`);
}

async function serveOnFreePort(port, options) {
  for (let tried = port; tried < port + 20; tried += 1) {
    try {
      return await servePage({ ...options, port: tried });
    } catch (error) {
      if (error.code !== "EADDRINUSE") throw error;
      console.log(`Port ${tried} is taken, trying ${tried + 1}.`);
    }
  }
  throw new Stop(`No free port from ${port} to ${port + 19}: choose one with --port.`);
}

async function command() {
  const options = { port: { type: "string", default: String(FIRST_PORT) }, "local-model": { type: "boolean" }, yes: { type: "boolean" } };
  const { values } = parseArgs({ options });
  const port = portOf(values.port);
  const open = [];
  const closeAll = () => Promise.all(open.map((server) => server.close()));
  const stop = async () => {
    await closeAll();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
  try {
    // This is asked before the build, so that nobody waits for the question.
    const local = values["local-model"] ? await startLocalModel({ agreed: values.yes }) : null;
    if (local) open.push(local);
    const out = await builtPackage();
    const source = local ? localModel(local) : await sourceOf(gatewayVariables(process.env).HF_TOKEN, open);
    await present(out, { port, source, open });
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** The model on this machine: it costs electricity only. */
function localModel({ url }) {
  const note = `--local-model: ${LOCAL_MODEL} answers on this machine`;
  return { note, baseURL: `${url}/v1`, model: LOCAL_MODEL, page: { local: true, pricing: { inputPerMillion: 0, outputPerMillion: 0 } } };
}

/** Hugging Face if there is a token, otherwise the stand-in endpoint, which is added to `open`. */
async function sourceOf(token, open) {
  if (token) return { note: `HF_TOKEN is set: talking to ${ROUTER}`, baseURL: ROUTER, token, model: MODEL };
  const { startEndpoint } = await import("../tests/endpoint/server.mjs");
  const endpoint = await startEndpoint({ pace: PACE });
  open.push(endpoint);
  const note = "HF_TOKEN is not set: talking to a stand-in endpoint on this machine, no model is behind it";
  return { note, baseURL: `${endpoint.url}/v1`, model: MODEL, endpoint, page: { standIn: true } };
}

/** Shows the package at work, in the terminal and as a page. The servers that it starts are added to `open`. */
async function present(pkg, { port, source, open }) {
  const { note, baseURL, token, model, endpoint, page } = source;
  console.log(note);
  await streamToTerminal(pkg, model, { baseURL, apiKey: token?.split(",")[0].trim() ?? "stand-in" }).catch((error) => {
    if (!token) throw error;
    console.error(`${error.name}: ${[error.message, error.hint].filter(Boolean).join(" ")}\n`);
  });
  // From here on the token is only in the gateway's environment; the page doesn't even get the gateway's key.
  const key = randomUUID();
  const env = { ...gatewayVariables(process.env), HF_BASE_URL: baseURL, HF_TOKEN: token ?? "stand-in", GATEWAY_CLIENT_KEYS: key };
  const gateway = await startGateway(pkg, { env, log: () => {} });
  open.push(gateway);
  const server = await serveOnFreePort(port, {
    folder: await buildPage(pkg),
    config: { baseURL: "/v1", apiKey: token ? null : "stand-in", model, standIn: false, faults: endpoint ? "/stand-in" : null, direct: ROUTER, ...page },
    routes: {
      "/v1/": ownPageOnly(passOn("/v1", `${gateway.url}/v1`, key)),
      ...(endpoint && { "/stand-in/": ownPageOnly(passOn("/stand-in", endpoint.url)) }),
    },
  });
  open.push(server);
  console.log(`The demo page: ${server.url}  (Ctrl-C stops it)`);
}

await main(command, import.meta.url);
