// hf.fetch, for other libraries. A request below the client's base URL uses the client's keys, limits, budget, retries and ledger. The library gets
// the server's own bytes, or a failure in a form that it understands.

import { arrival } from "./arrival.js";
import { Call } from "./call.js";
import { Cancel } from "./cancel.js";
import { settleWhole } from "./chat.js";
import { Decoder } from "./decode.js";
import { over } from "./defaults.js";
import {
  APIConnectionTimeoutError, BudgetExceededError, ConfigError, HfetchError, LimitExceededError, cleanHeaders, makeError, redacted,
} from "./error.js";
import { embedded, exchange, generated } from "./exchange.js";
import { REDIRECTS, discard, follow } from "./fetch.js";
import { say } from "./notify.js";
import { absolute, requestOptions, signals } from "./options.js";
import { AS_RECEIVED, readable } from "./pass_through.js";
import { APIS, ASTRAY, FOREIGN, KEYED, TO_COMPLETIONS, TO_EMBEDDINGS } from "./protocol.js";

// The members of a Request besides its address, headers and signal.
const PARTS = ["method", "body", "redirect", "cache", "credentials", "integrity", "keepalive", "mode", "referrer", "referrerPolicy"];
// Members that both a Request and the second argument of fetch may have.
const NAMES = [...PARTS, "headers", "signal", "duplex"];
const REDIRECTIONS = [301, 302, 303, 307, 308];
// Headers about the bytes on the wire or about the library's own connection; they aren't sent on.
const NOT_SENT = ["connection", "content-length", "host", "transfer-encoding", "accept-encoding"];
const NOT_GIVEN = ["connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"];
const EMPTY = [204, 205, 304];
// Clients of OpenAI's API repeat a request after 429 and 5xx unless this header tells them not to.
const FINAL = { "x-should-retry": "false" };
// Libraries that ignore that header, by their User-Agent: the statuses after which they repeat a request, and how they are told that a failure is final.
const HEEDLESS = [
  [/\bai-sdk[-/]/i, (status) => [408, 409, 429].includes(status) || status >= 500, thrown],
  [/^@huggingface\/inference\//i, (status) => status === 503, thrown],
  [/^langchainjs\b/i, (status) => ![400, 401, 402, 403, 404, 405, 406, 407, 409, 413].includes(status), coded],
];
// The marks by which the AI SDK recognises its own errors.
const OF_THE_AI_SDK = ["vercel.ai.error", "vercel.ai.error.AI_APICallError"].map((name) => Symbol.for(name));

// The names in settlements of the kinds of calls other than chat.
const KINDS = { [TO_EMBEDDINGS]: "embeddings", [TO_COMPLETIONS]: "completion" };

const platform = (client) => client.fetch ?? fetch;

/** The fetch of a client; `defaults` are the options of its calls. */
export function fetchOf(clientOf, defaults) {
  return async (input, init) => {
    // The arguments are read at once, since the library may change them while the module is loading.
    const request = requestOf(input, init);
    if (arrival() !== undefined) await arrival();
    const client = clientOf();
    const passage = request === undefined ? FOREIGN : client.passage(request.method, request.url);
    if (passage === ASTRAY) warnOfAddress(client, request.url);
    if (isForeign(passage)) return platform(client)(input, init);
    if (passage === KEYED) return keyed(client, request, defaults);
    return metered(client, passage, request, defaults);
  };
}

const isForeign = (passage) => passage === FOREIGN || passage === ASTRAY;

const warned = new WeakSet();

// Warns once per client. The query and the part before the host may be secret, so they aren't printed.
function warnOfAddress(client, url) {
  if (warned.has(client)) return;
  warned.add(client);
  const { origin, pathname } = new URL(url);
  say("warn", `hfetch: hf.fetch was asked for ${origin}${pathname}, which is not below the client's baseURL: it is sent as it is, without a key, limits, retries and settlement. Give the library and the client the same baseURL.`);
}

// Reads each argument once, as fetch does; undefined if the address isn't absolute.
function requestOf(input, init) {
  const isRequest = typeof input?.url === "string" && typeof input.headers?.get === "function";
  const request = {};
  if (isRequest) for (const name of NAMES) if (input[name] !== undefined && input[name] !== null) request[name] = input[name];
  // Inherited members are read too: the argument may be a Request, or of another class with getters.
  for (const name of new Set([...NAMES, ...Object.keys(init ?? {})])) if (init?.[name] !== undefined) request[name] = init[name];
  const url = addressOf(isRequest ? input.url : String(input));
  if (url === undefined) return undefined;
  const given = String(request.method ?? "GET");
  // The Fetch standard writes only these methods in capitals.
  const method = /^(?:delete|get|head|options|post|put)$/i.test(given) ? given.toUpperCase() : given;
  const source = ["GET", "HEAD"].includes(method) ? undefined : sourceOf(input, init);
  return { ...request, url, method, source, headers: new Headers(request.headers) };
}

// The Request that has the body and can read it. Firefox doesn't expose the body itself, and Chromium can't send a stream over HTTP/1.1.
function sourceOf(input, init) {
  const isGiven = typeof init?.arrayBuffer === "function" || (init?.body ?? undefined) !== undefined;
  const owner = isGiven ? init : input;
  return typeof owner?.arrayBuffer === "function" && owner.body !== null ? owner : undefined;
}

function addressOf(text) {
  try {
    const url = new URL(absolute(text), globalThis.document?.baseURI ?? globalThis.location?.href);
    url.hash = "";
    return url.href;
  } catch {
    return undefined;
  }
}

// Sends a request that is neither limited nor settled, and returns its response unchanged. The client's own headers are sent with its key, since
// one of them names the organisation that is billed. Headers of the request win.
async function keyed(client, request, given) {
  const both = [...signals(given?.signal), ...signals(request.signal)];
  const { url, source, redirect = "follow", ...init } = request;
  if (source !== undefined) init.body = await bytesOf(source, both);
  const key = await keyFor(client, both);
  for (const [name, value] of client.headers(false, false)) if (name !== "accept" && !init.headers.has(name)) init.headers.set(name, value);
  if (key !== null) init.headers.set("authorization", `Bearer ${key}`);
  init.signal = both.length > 1 ? eitherOf(both) : both[0];
  // Engines require this option for a stream body.
  if (typeof init.body?.getReader === "function") init.duplex ??= "half";
  const most = redirect === "follow" ? REDIRECTS : 0;
  const response = await follow(platform(client), url, { ...init, redirect: "manual" }, most, stays(client, init.method));
  return allowed(response, redirect);
}

// AbortSignal.any, where there is none: browsers have it only since 2024. Unlike that, it stays on a signal that never aborts.
function eitherOf(both) {
  if (AbortSignal.any) return AbortSignal.any(both);
  const controller = new AbortController();
  const cancel = new Cancel(both);
  cancel.onEnd(() => controller.abort(cancel.reason));
  return controller.signal;
}

// A page can't see the status of a redirect.
function allowed(response, redirect) {
  if (redirect !== "error" || !(response.type === "opaqueredirect" || REDIRECTIONS.includes(response.status))) return response;
  discard(response);
  throw new TypeError("the server redirects, which the request doesn't allow");
}

// Whether a redirect stays below the base URL, where the key may be sent.
const stays = (client, method) => (href) => !isForeign(client.passage(method, href));

// The key for a request, or null. A call for the catalogue picks the key, and ends just before it would be sent.
async function keyFor(client, callerSignals) {
  const cancel = new Cancel(callerSignals);
  const call = new Call(client, client.catalogue("", undefined, Date.now(), performance.now()), cancel);
  let found;
  call.transport = (_, __, { key }) => {
    found = { key };
    throw cancel;
  };
  try {
    call.start();
    await call.send(0);
  } catch (error) {
    if (found === undefined) throw asFetchFails(error, cancel);
  } finally {
    cancel.end("closed");
    call.free();
  }
  return found.key;
}

// Sends a request as a call, and returns the answer or a failure that the library understands.
async function metered(client, passage, request, given) {
  const { url, method, headers, body, source, signal, duplex, redirect = "follow", ...others } = request;
  const text = await textOf(request);
  if (text === undefined) return refusal(400, { message: "The body must be JSON text in UTF-8.", code: "invalid_request", param: "body" });
  let opened;
  const prepare = () => {
    const [data, hooks] = requestOptions(over(given, { signal: signal ?? undefined }));
    return [(...now) => handleOf(client, passage, text, data, url, now), hooks];
  };
  const run = async (call, cancel) => {
    opened = { call, cancel };
    call.brought = [...headers].filter(([name]) => !NOT_SENT.includes(name));
    call.broughtSecrets = secretsIn(call.brought);
    call.stays = stays(client, "POST");
    call.redirects = redirect === "follow" ? REDIRECTS : 0;
    call.others = others;
    return answered(passage === TO_EMBEDDINGS ? await embedded(call, cancel) : await generated(call, cancel, READING, handingOn(cancel)));
  };
  const { answer } = exchange(client, KINDS[passage] ?? "chat", prepare, run);
  try {
    return await answer;
  } catch (error) {
    return allowed(failed(error, opened, headers), redirect);
  }
}

// The keys in headers, without their scheme. Short values are ignored, since they may be ordinary words.
function secretsIn(headers) {
  const values = headers.filter(([name]) => /authorization|cookie|key|token/.test(name)).map(([, value]) => value.replace(/^\w+ +/, ""));
  return values.filter((value) => value.length >= 8);
}

const handleOf = (client, passage, text, data, url, now) => client.open(APIS[KINDS[passage] ?? "chat"], ...now, text, data, undefined, url);

const READING = {
  decoderFor: (call) => new Decoder(call.max_event_bytes, call.max_answer_bytes, call.is_text),
  settle: (...given) => void settleWhole(...given),
};

const handingOn = (cancel) => ({
  filter: () => AS_RECEIVED,
  last(error) {
    throw asFetchFails(error, cancel);
  },
});

// The body as text, since the core reads it before it is sent; undefined if it isn't text.
async function textOf({ body, source, signal }) {
  if (typeof body === "string") return body;
  // The platform reads bodies of every kind: bytes, blobs, streams, forms.
  const bytes = await bytesOf(source ?? new Response(body), signals(signal));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

async function bytesOf(source, callerSignals) {
  const cancel = new Cancel(callerSignals);
  try {
    return await cancel.race(source.arrayBuffer());
  } catch (error) {
    if (cancel.cause === null) throw error;
    discard(source);
    throw asFetchFails(makeError("APIUserAbortError", "The request was aborted before it was sent.", { cause: cancel.reason }), cancel);
  } finally {
    cancel.end("closed");
  }
}

function headersOf(given) {
  const headers = new Headers(given);
  for (const name of NOT_GIVEN) headers.delete(name);
  return headers;
}

function responseOf({ status, statusText, headers, body, chunks }) {
  const content = EMPTY.includes(status) ? null : (body ?? readable(chunks));
  return new Response(content, { status, statusText, headers: headersOf(headers) });
}

// Ends a stream that can't have a body at once, since nobody will read it. Libraries ignore the body of a response whose type isn't that of an
// event stream, so this function reads it for them.
async function answered(answer) {
  const { status, chunks } = answer;
  if (chunks !== undefined && EMPTY.includes(status)) await chunks.read();
  const response = responseOf(answer);
  if (!/event-stream/i.test(response.headers.get("content-type"))) chunks?.readAhead();
  return response;
}

// Turns a failure into what the library understands: a response where possible, and nothing that the library would send again.
function failed(error, opened, headers) {
  if (error instanceof ConfigError) return refusal(400, { message: error.message, code: "invalid_request", param: error.path });
  if (error instanceof LimitExceededError) return refusedByLimit(error);
  const { call, cancel } = opened ?? {};
  if (cancel === undefined || cancel.cause === "abort") throw asFetchFails(error, cancel);
  const response = refusedByServer(error, call.refused) ?? refusedBefore(error);
  const agent = headers.get("user-agent") ?? "";
  const [, again, tell] = HEEDLESS.find(([name]) => name.test(agent)) ?? [];
  if (tell !== undefined && (response === undefined || again(response.status))) return tell(error, response, call);
  if (response !== undefined) return response;
  // The openai package repeats a request that got no response.
  if (!headers.has("x-stainless-retry-count")) throw error;
  return refusal(gatewayStatus(error), { message: error.message, type: error.name, code: error instanceof APIConnectionTimeoutError ? "ETIMEDOUT" : "ECONNABORTED" });
}

const gatewayStatus = (error) => (error instanceof APIConnectionTimeoutError ? 504 : 502);

// LangChain takes this code for a final failure. The library adds the status itself.
function coded(error, response) {
  const status = response?.status ?? gatewayStatus(error);
  const headers = new Headers(response?.headers);
  headers.set("content-type", "application/json");
  const message = error.message.replace(`${status} `, "");
  return refusal(status, { message, type: error.name, code: "ECONNABORTED" }, Object.fromEntries(headers));
}

// The server's own status and body, without keys.
function refusedByServer({ status }, refused) {
  if (refused === undefined || refused.status !== status || status < 200 || status > 599) return undefined;
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(refused.body);
  const clean = redacted(text, refused.secrets);
  const headers = cleanHeaders(refused.headers, refused.secrets) ?? {};
  const response = responseOf({ status, statusText: refused.statusText, headers, body: clean === text ? refused.body : clean });
  response.headers.set("x-should-retry", "false");
  return response;
}

// A pause that a server asked for earlier still holds, so nothing was sent.
function refusedBefore(error) {
  const { status, message, name: type, code } = error;
  return status >= 400 && status <= 599 ? refusal(status, { message, type, code }, pauseOf(error)) : undefined;
}

function refusedByLimit(error) {
  const isBudget = error instanceof BudgetExceededError;
  const code = isBudget ? "budget_exceeded" : "limit_exceeded";
  return refusal(429, { message: error.message, type: isBudget ? "insufficient_quota" : "rate_limit_error", code }, pauseOf(error));
}

const pauseOf = ({ retryAfter }) => (Number.isFinite(retryAfter) ? { "retry-after": String(Math.ceil(retryAfter / 1000)) } : {});

// A response with an error in OpenAI's format. (Response.json would be shorter, but Chrome 96, Firefox 92 and Safari 16.4 have none.)
function refusal(status, { message, type = "invalid_request_error", code, param = null }, headers = {}) {
  const body = JSON.stringify({ error: { message, type, param, code } });
  return new Response(body, { status, headers: { "content-type": "application/json", ...FINAL, ...headers } });
}

// An error that no library repeats. The AI SDK checks its marks, and its causes.
function thrown(error, response, { refused }) {
  const marks = Object.fromEntries(OF_THE_AI_SDK.map((symbol) => [symbol, true]));
  Object.assign(error, marks, { isRetryable: false, statusCode: error.status, responseHeaders: Object.fromEntries(error.headers ?? []) });
  if (refused !== undefined) error.responseBody = redacted(new TextDecoder().decode(refused.body), refused.secrets);
  const { cause } = error;
  if (cause instanceof Error) error.cause = { name: cause.name, message: cause.message, code: cause.cause?.code ?? cause.code };
  throw error;
}

// Fails as the platform's fetch does: an abort is recognised by the error's name.
function asFetchFails(error, cancel) {
  if (cancel?.cause === "abort" && error instanceof HfetchError) {
    const name = cancel.reason?.name === "TimeoutError" ? "TimeoutError" : "AbortError";
    Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  }
  return error;
}
