// The stand-in Hugging Face server: routing, keys and CORS work as at the router. The answers are made in chat, embedding and model, the faults in delivery, and script
// knows which test asked for which fault.
import { createServer } from "node:http";
import { answerChat } from "./chat.mjs";
import { answerCompletion } from "./completion.mjs";
import { answerEmbeddings, answerFeatureExtraction } from "./embedding.mjs";
import { answerModel, answerModels } from "./model.mjs";
import { deliver } from "./delivery.mjs";
import { refuse } from "./answer.mjs";
import { refusalOf } from "./failing.mjs";
import { answerPairs, answerRerank } from "./rerank.mjs";
import { ScriptBook } from "./script.mjs";

const MAX_BODY = 2_000_000; // the default of TGI and TEI

const EXPOSED =
  "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash";

/**
 * Starts the server. `pace` is the pause in ms between the frames of an unscripted stream (0 in tests, more for a page).
 * @returns {Promise<{url: string, port: number, stats: (id: string, until?: string) => Promise<object>, script: (id: string, steps: object[]) => void, close: () => Promise<void>}>}
 */
export async function startEndpoint({ port = 0, host = "127.0.0.1", pace = 0 } = {}) {
  const book = new ScriptBook();
  let served = 0;
  const server = createServer((request, response) => {
    served += 1;
    response.setHeader("x-request-id", `Root=1-${served.toString(16).padStart(8, "0")};${requestUuid(served)}`);
    serve(request, response, book, pace).catch((error) => {
      // If a client hangs up while its body is read, this server isn't at fault.
      if (!request.destroyed) process.stderr.write(`endpoint: ${error.stack}\n`);
      response.destroy();
    });
  });
  // Idle connections must outlive a slow test, otherwise one that is reused would be reset.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.on("connection", (socket) => {
    book.sockets += 1;
    socket.on("close", () => (book.sockets -= 1));
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    url: `http://${host}:${address.port}`,
    port: address.port,
    stats: (id, until) => book.stats(id, until),
    script: (id, steps) => book.script(id, steps),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(request, response, book, pace) {
  allowOrigins(request, response);
  const url = new URL(request.url, "http://endpoint");
  if (request.method === "OPTIONS") {
    response.writeHead(204).end();
    return;
  }
  const control = /^\/s\/([^/]+)\/(script|stats)$/.exec(url.pathname);
  if (control) {
    await serveControl(control[1], control[2], url, request, response, book);
    return;
  }
  const scripted = /^\/s\/([^/]+)(\/.*)$/.exec(url.pathname);
  const [id, path] = scripted ? [scripted[1], scripted[2]] : ["default", url.pathname];
  const visit = book.visit(id, request, response, path);
  const text = await readBody(request);
  if (text === null) {
    await deliver(request, response, refuse(413), {}, visit);
    return;
  }
  const body = parseJson(text);
  visit.sawBody(body ?? text);
  const step = visit.step ?? ownStep(request) ?? { pace };
  await deliver(request, response, () => refusalOf(step.failing, providerOf(path), body) ?? route(request, path, body, text), step, visit);
}

async function serveControl(id, what, url, request, response, book) {
  if (what === "script") {
    book.script(id, JSON.parse(await readBody(request)));
    response.writeHead(204).end();
    return;
  }
  const stats = await book.stats(id, url.searchParams.get("until") ?? undefined);
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(stats));
}

/** The ordinary answer to a request, as the router and the servers behind it give it. */
function route(request, path, body, text) {
  if (request.method === "GET" && /\/v1\/models$/.test(path)) return answerModels();
  const model = /\/v1\/models\/(.+)$/.exec(path);
  if (request.method === "GET" && model) return answerModel(model[1]);
  const refusal = refuseKey(request.headers.authorization);
  if (refusal) return refusal;
  if (request.method !== "POST") return refuse(404, { error: "Not Found" });
  if (body === undefined) return refuse(422, `Failed to parse the request body as JSON: ${text.slice(0, 40)}`);
  if (path.endsWith("/chat/completions")) return answerChat(body, providerOf(path));
  if (path.endsWith("/completions")) return answerCompletion(body, providerOf(path));
  const task = /\/hf-inference\/models\/(.+)\/pipeline\/feature-extraction$/.exec(path);
  if (task) return answerFeatureExtraction(decodeURIComponent(task[1]), body);
  if (path.endsWith("/embeddings")) return answerEmbeddings(body);
  if (path.endsWith("/rerank")) return answerRerank(body);
  if (/\/hf-inference\/models\/[^/]+\/[^/]+$/.test(path)) return answerPairs(body);
  return refuse(404, { error: "Not Found" });
}

/** The provider in `/{provider}/v1/…`; the router itself chooses one for `/v1/…`. */
function providerOf(path) {
  const first = path.split("/")[1];
  return first === "v1" ? null : first;
}

/** A key's own text says what is wrong with it, so that a pool can be tested without a script. */
function refuseKey(authorization) {
  if (authorization === undefined) return refuse(401, "html");
  const key = authorization.replace(/^Bearer /, "");
  if (/bad|revoked/.test(key)) return refuse(401);
  if (/broke|credits/.test(key)) return refuse(402);
  if (/noperm/.test(key)) return refuse(403);
  if (/limited/.test(key)) return refuse(429);
  return null;
}

function allowOrigins(request, response) {
  response.setHeader("access-control-allow-origin", "*");
  response.setHeader("access-control-expose-headers", EXPOSED);
  if (request.method !== "OPTIONS") return;
  const asked = request.headers["access-control-request-headers"];
  response.setHeader("access-control-allow-methods", "GET,POST,OPTIONS");
  response.setHeader("access-control-allow-headers", ["authorization,content-type,x-hf-bill-to", asked].filter(Boolean).join(","));
  response.setHeader("access-control-max-age", "600");
}

/** The request's body, or null if it is larger than a server accepts (the rest is read and dropped). */
async function readBody(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size <= MAX_BODY) parts.push(part);
  }
  return size > MAX_BODY ? null : Buffer.concat(parts).toString("utf8");
}

/** The step that a request carries in a header. */
function ownStep(request) {
  const step = request.headers["x-endpoint-step"];
  return step === undefined ? undefined : parseJson(step);
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function requestUuid(n) {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

