// The running gateway: it takes a request and returns an answer in the format of OpenAI's API, whatever happens in between.

import { Gatekeeper } from "./authorize.js";
import { checkBody, passOver, readBody, takeTexts } from "./body.js";
import { takeModels } from "./candidates.js";
import { LimitExceededError } from "./client.js";
import { ClosedLimits } from "./closed.js";
import { Bill, tellCost } from "./cost.js";
import { checkOrigin, mayShare, preflight, share } from "./cors.js";
import { LogLine, logNotice, secretsOf, withoutSecrets } from "./log.js";
import { Catalogue, allowList } from "./model.js";
import { tellQuotas } from "./quota.js";
import { Refusal } from "./refusal.js";
import { mustWrite, relay, relayLater } from "./relay.js";
import { METHODS, checkMethod, route } from "./route.js";
import { refusalOf, withoutAccounts } from "./upstream_error.js";

// The headers that are passed on to the caller. The others describe the operator's account.
const PASSED = ["content-type", "x-request-id", "x-inference-provider"];

// Kinds of calls that are never streamed, whatever the body says.
const NEVER_STREAMED = ["embeddings", "rerank"];

/** The state of one request. */
class Visit {
  settled = null; // the settlement of its call, if it made one

  constructor(request, env, ctx, secrets) {
    Object.assign(this, { request, env, ctx });
    this.id = crypto.randomUUID();
    this.url = new URL(request.url);
    this.line = new LogLine(request.method, this.url.pathname, this.id, secrets);
  }

  /** Keeps the host running for work that goes on after the answer. Hosts without waitUntil do that anyway. */
  keepAlive(work) {
    this.ctx?.waitUntil?.(work);
  }
}

export class Service {
  #settings;
  #upstream;
  #gatekeeper;
  #allows;
  #catalogue;
  #closed = new ClosedLimits();
  #origins; // the origins of pages that may call
  #secrets;

  constructor(settings, upstream) {
    this.#settings = settings;
    this.#upstream = upstream;
    // Behind a proxy, the address in a request differs from the one that pages know.
    this.#origins = settings.url === undefined ? settings.origins : [...settings.origins, settings.url];
    this.#gatekeeper = new Gatekeeper(settings);
    this.#allows = allowList(settings.models);
    this.#catalogue = new Catalogue(this.#allows);
    this.#secrets = secretsOf([...(settings.apiKeys ?? []), ...settings.clientKeys, settings.ticketSecret]);
  }

  async fetch(request, env, ctx) {
    const visit = new Visit(request, env, ctx, this.#secrets);
    let answer;
    try {
      answer = await this.#answer(visit);
    } catch (error) {
      answer = refused(error, visit.line).answer();
      tellQuotas(answer.headers, error?.quotas);
    }
    return finish(visit, answer, this.#origins);
  }

  async #answer(visit) {
    const { request, url, env } = visit;
    const { basePath } = this.#settings;
    checkOrigin(request, this.#origins);
    if (request.method === "OPTIONS") return preflight(request, methodsOf(url.pathname, basePath));
    const asked = route(url.pathname, basePath);
    checkMethod(request.method, asked);
    if (asked.name === "health") return json('{"status":"ok"}');
    const caller = await this.#gatekeeper.admit(request, env, Date.now());
    if (caller.response) return caller.response;
    visit.line.add({ client: caller.client });
    if (asked.name === "models") return this.#models(visit, asked.model);
    return this.#call(visit, asked.name, caller);
  }

  async #call(visit, kind, caller) {
    const { request, line } = visit;
    const { caps } = this.#settings;
    const parts = this.#parts(caller);
    const closed = this.#closed.refusal(parts, performance.now());
    if (closed !== undefined) {
      await passOver(request, caps.bodyBytes);
      throw closed;
    }
    const { text, stream, bytes, route } = await this.#body(request, kind, parts);
    line.add({ stream });
    const leaving = leavingOf(request);
    const bill = this.#settings.tellCost ? new Bill(kind) : undefined;
    const { answer: given, settled } = this.#upstream[kind](text, {
      ...(route && { route }),
      maxTokens: caps.maxTokens,
      maxChoices: caps.n,
      parts,
      signal: leaving?.signal ?? request.signal,
      metadata: { client: caller.client, requestId: visit.id },
      onSettled: (settlement) => {
        bill?.settle(settlement);
        this.#settled(visit, settlement);
      },
      redact: (told) => withoutAccounts(withoutSecrets(told, this.#secrets)),
      lastWords: (error, sequence) => lastWords(kind, refused(error, line), sequence),
    });
    const answer = bill === undefined ? given : given.then((each) => bill.priced(each));
    // From here on the call is settled even if its caller goes, and the host must keep running for that.
    visit.settled = settled;
    visit.keepAlive(settled);
    this.#watch(parts, bytes, { answer, settled });
    if (leaving === undefined || !(await this.#isLate(answer))) return answered(await answer);
    const told = answer.catch((error) => {
      throw refused(error, line);
    });
    // The log line waits until everything has been told.
    visit.settled = settled.then(() => told).catch(() => {});
    const body = relayLater(told, {
      events: stream,
      refused: (refusal) => (stream ? lastWords(kind, refusal, 0) : refusal.answer().body),
      leave: () => leaving.abort(),
    });
    const headers = { "content-type": stream ? "text/event-stream" : "application/json", "cache-control": "no-cache" };
    return { status: 200, headers, body };
  }

  /** The text to send, whether the caller wants a stream, and how many bytes were read. */
  async #body(request, kind, parts) {
    const { caps } = this.#settings;
    const seen = { bytes: 0 };
    try {
      const read = await readBody(request, caps.bodyBytes, seen);
      const { route, ...given } = takeModels(kind === "rerank" ? takeTexts(read) : read, this.#settings.route, this.#allows);
      return { route, text: checkBody(kind, given, { allows: this.#allows, caps, spends: parts.some(({ budget }) => budget), unknownMembers: this.#settings.unknownMembers }), stream: given.body.stream === true && !NEVER_STREAMED.includes(kind), bytes: seen.bytes };
    } catch (error) {
      this.#closed.wasted(parts, seen.bytes, performance.now());
      throw error;
    }
  }

  /** Remembers what the end of a call shows about its limits. */
  async #watch(parts, bytes, { answer, settled }) {
    const error = await answer.then(() => undefined, (thrown) => thrown);
    const limited = error instanceof LimitExceededError;
    if (limited) this.#closed.refused(error, performance.now(), parts);
    const { attempts } = await settled;
    if (!limited) this.#closed.ended(parts, attempts > 0);
    // If nothing was sent, the body was read in vain, whatever refused the call.
    if (attempts === 0) this.#closed.wasted(parts, bytes, performance.now());
  }

  /** Whether there is no answer yet when the headers have to be sent. */
  async #isLate(answer) {
    const { earlyHead } = this.#settings;
    if (earlyHead === 0) return false;
    let alarm;
    const late = new Promise((resolve) => (alarm = setTimeout(resolve, earlyHead, true)));
    const came = () => false;
    try {
      return await Promise.race([answer.then(came, came), late]);
    } finally {
      clearTimeout(alarm);
    }
  }

  /** The scopes that count a call besides its key: the client, the ticket, the whole gateway. */
  #parts({ client, limits, budget, ticket }) {
    const { clientLimits, limits: gatewayLimits, budget: gatewayBudget } = this.#settings;
    const parts = [
      { scope: `client:${client}`, limits: limits ?? clientLimits, budget },
      { scope: `ticket:${ticket?.id}`, limits: ticket?.limits, lasts: ticket?.expires },
      { scope: "gateway", limits: gatewayLimits, budget: gatewayBudget },
    ];
    return parts.filter((part) => part.budget || Object.keys(part.limits ?? {}).length > 0);
  }

  #settled(visit, settlement) {
    visit.line.settled(settlement);
    const { onSettled } = this.#settings;
    if (!onSettled) return;
    const work = (async () => onSettled(settlement, visit.env, visit.ctx))();
    visit.keepAlive(work.catch((error) => logNotice("onSettled", withoutSecrets(`${error?.name}: ${error?.message}`, this.#secrets))));
  }

  async #models(visit, id) {
    // Other requests wait for this one too, so it goes on if this caller leaves.
    const read = this.#catalogue.read(id, () => performance.now(), async () => (await this.#upstream.models()).body);
    visit.keepAlive(read.catch(() => {}));
    const body = await read;
    if (body === undefined) throw new Refusal(404, "model_not_found", "There is no such model.", { param: "model" });
    return json(body);
  }
}

function finish(visit, answer, origins) {
  const { status, body } = answer;
  const headers = new Headers(answer.headers);
  if (!headers.has("x-request-id")) headers.set("x-request-id", visit.id);
  share(headers, visit.request, origins);
  visit.line.add({ status });
  if (visit.settled === null) visit.line.write();
  else visit.keepAlive(visit.settled.then(() => visit.line.write()));
  // A response of the operator's own that begins a WebSocket can't be copied.
  if (status < 200) return answer;
  return new Response(visit.request.method === "HEAD" ? null : body, { status, headers });
}

const json = (body) => ({ status: 200, headers: { "content-type": "application/json" }, body });

// Turns the answer of a model's server into the caller's.
function answered({ headers, quotas, body, chunks, cost }) {
  const out = new Headers({ "cache-control": "no-cache" });
  for (const name of PASSED) if (headers.get(name) !== null) out.set(name, headers.get(name));
  tellQuotas(out, quotas);
  if (cost) tellCost(out, cost);
  const events = /^text\/event-stream\b/i.test(headers.get("content-type") ?? "");
  // Some success statuses allow no body, and no Response with a body could be made for them.
  return { status: 200, headers: out, body: chunks ? relay(body, chunks, events) : body };
}

// This ends a call whose caller has gone, also when only a write shows that.
function leavingOf({ signal }) {
  if (!mustWrite()) return undefined;
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  if (signal?.aborted) leave();
  else signal?.addEventListener("abort", leave);
  return leaving;
}

function refused(error, line) {
  const refusal = refusalOf(error);
  line.add({ code: refusal.code, detail: refusal.detail });
  return refusal;
}

// The last event of a stream that fails after its headers were sent.
function lastWords(kind, refusal, sequence) {
  const { body } = refusal.answer();
  if (kind !== "responses") return `data: ${body}\n\n`;
  const { code, message, param } = refusal;
  return `event: error\ndata: ${JSON.stringify({ type: "error", code, message, param, sequence_number: sequence, ...JSON.parse(body) })}\n\n`;
}

// The methods of a path, or all of them for an unknown one: a page can then read that the path doesn't exist.
function methodsOf(pathname, base) {
  try {
    return route(pathname, base).methods;
  } catch {
    return METHODS;
  }
}

/** Answers if the settings can't be used: it says which variable is wrong, and never quotes its value. Pages of `origins` may read the answer. */
export class Misconfigured {
  #refusal;
  #origins;

  constructor(error, origins) {
    const problem = error?.name === "ConfigError" ? error.message : "the options could not be read";
    this.#refusal = new Refusal(500, "gateway_misconfigured", `The gateway is not configured: ${problem}`, { detail: `${error?.name}: ${error?.message}` });
    this.#origins = origins;
  }

  async fetch(request, env, ctx) {
    const visit = new Visit(request, env, ctx, []);
    visit.line.add({ code: this.#refusal.code, detail: this.#refusal.detail });
    // Without a successful preflight a page would never see the answer.
    const asksFirst = request.method === "OPTIONS" && mayShare(request, this.#origins);
    return finish(visit, asksFirst ? preflight(request, METHODS) : this.#refusal.answer(), this.#origins);
  }
}
