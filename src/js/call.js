// How every call begins and ends.

import { refuse } from "./argument.js";
import { Cancel } from "./cancel.js";
import { drive } from "./driver.js";
import { REDIRECTS, sendRequest } from "./fetch.js";
import { HfetchError, errorOf, namesOf, redacted } from "./error.js";
import { notify, warnOfLoss } from "./notify.js";
import { recordAt } from "./plain.js";
import { livePrices } from "./prices.js";
import { CAUSES, MAY_HAVE_FAILED, MAY_HOLD_NONE, OUTCOMES, REFUSED, RESERVED, UNDER_WAY, UNEXPECTED, UNREAD } from "./protocol.js";
import { carryOut } from "./store.js";

const LARGE = 2 ** 20; // bytes: the error for a larger body quotes only this much of it

// A running call: the core's handle, and what only JavaScript can hold.
export class Call {
  storing = []; // promises of the caller's limit store that the settlement waits for
  headers = undefined; // of the last response
  requestId = null; // of the response that is delivered
  secrets = []; // keys that its headers must not show
  prices = null; // a promise of live prices, if the call needs them
  settle = undefined; // is called once with the settlement
  quotas = null; // what is left of the limits that the call brought, if the store reports it
  first = undefined; // the first step of its only request
  brought = null; // headers of a request that another library made, in pairs
  broughtSecrets = []; // keys in those headers
  others = null; // further options of that request, such as a dispatcher
  redirects = REDIRECTS; // how many redirects are followed
  stays = () => true; // whether a redirect to this URL may be followed
  transport = sendRequest;
  refused = undefined; // the response that the call failed with: {status, headers, body}
  #firstTokenAt = undefined;

  constructor(client, handle, cancel) {
    this.client = client;
    this.handle = handle;
    this.cancel = cancel;
  }

  // Reads the facts about the call from the core. A call with one request takes its first step here. Any error that this throws ends the call.
  start() {
    const { client, handle, cancel } = this;
    const facts = this.told(handle.start(cancel.cause === null, Date.now(), performance.now(), Math.random()));
    this.stream = facts.stream;
    this.asks_usage = facts.asks_usage;
    this.idle = facts.idle;
    this.idle_after = facts.idle_after;
    this.max_event_bytes = facts.max_event_bytes;
    this.max_answer_bytes = facts.max_answer_bytes;
    this.is_text = facts.is_text;
    this.plan = facts.plan;
    if (facts.prices) this.prices = livePrices(client);
    cancel.startTotal(facts.total ?? undefined);
    if (typeof facts.renew === "number") cancel.every(facts.renew, () => this.#underWay());
  }

  // Reads a record of the core, after starting the effects that came with it.
  told(pointer) {
    const { said, step, effects, losses } = recordAt(pointer);
    if (step !== undefined) this.first = step;
    if (effects !== undefined) carryOut(this.client, effects, this.storing);
    losses?.forEach(warnOfLoss);
    return said;
  }

  // Lets all requests of a call through before the first is sent, where none of them may wait for the limits.
  async admit() {
    if (this.plan.split) await drive(this, this.plan.batches.length);
  }

  send(index) {
    return drive(this, index);
  }

  // Renews the call's reservations. If a trap prevents it, the next renewal does it.
  #underWay() {
    try {
      this.told(this.handle.event(0, UNDER_WAY, 0, Date.now(), performance.now(), 0));
    } catch {
      // The call ends by itself when it next needs the part that trapped.
    }
  }

  // Marks a stream as read in part: its model may have written more than its reader took, and nobody knows how much.
  unread() {
    this.told(this.handle.event(0, UNREAD, 0, Date.now(), performance.now(), 0));
  }

  // Passes an event with a text to the core.
  say(index, kind, number, text) {
    return this.told(this.handle.event_with(index, kind, number, text, Date.now(), performance.now(), Math.random()));
  }

  // Passes the answer of the caller's store to the core. An answer that makes no sense counts as a refusal.
  reserved(index, answer) {
    this.quotas = answer?.quotas ?? this.quotas;
    if (answer?.ok && typeof answer.reservation === "string") return this.say(index, RESERVED, 0, answer.reservation);
    const { scope, reason, retryAfter, spentUsd, budgetUsd } = answer ?? {};
    // Only texts and numbers: a store may return objects whose own code would run when they become JSON.
    const plain = (key, value) => (key === "" || typeof value === "string" || typeof value === "number" ? value : undefined);
    return this.say(index, REFUSED, 0, JSON.stringify({ scope, reason, retryAfter, spentUsd, budgetUsd }, plain));
  }

  // Frees the core's handle, unless a store may still answer.
  free() {
    if (this.storing.length > 0) return;
    try {
      this.handle.free();
    } catch {
      // After a trap, the module keeps what it was working on.
    }
  }

  // Passes on a reservation that came after the call had ended; resolves once the store has taken it back.
  givenBack(index, answer) {
    const before = this.storing.length;
    this.reserved(index, answer);
    return Promise.all(this.storing.slice(before));
  }

  first_token() {
    this.#firstTokenAt ??= performance.now();
  }

  // Books what an answer used: the server's counts if the answer is complete and they can be right, otherwise the larger of the counts and an estimate from what
  // arrived. `before`: what came before `text` and is counted already; `usage`: may hold a cost besides the counts.
  took(index, counts, text, whole, before = { characters: 0, tokens: 0 }, usage = undefined) {
    const told = counts.map((count) => (count === undefined || count === null ? undefined : typeof count === "number" ? count : NaN));
    const said = before.characters + text.length;
    const beside = besideOf(usage);
    const book = (given) => this.told(this.handle.took(index, ...told, said, given, before.tokens, beside, Date.now(), performance.now()));
    if (!whole || !book()) book(text);
  }

  // Books what a stream used; `asked`: the caller may still ask for its completion.
  streamed(decoder, whole, asked) {
    return this.told(this.handle.streamed(decoder, whole, asked, Date.now(), performance.now()));
  }

  // The settlement, or null while prices are still being fetched.
  close(outcome, finishReason) {
    const code = OUTCOMES[outcome];
    return this.told(this.handle.close(code, finishReason ?? undefined, this.#firstTokenAt, Date.now(), performance.now())).settlement;
  }

  // The embeddings in a batch's answer.
  rows(index, body, counted) {
    const rows = this.told(this.handle.rows(index, body, counted, Date.now(), performance.now()));
    if (rows.failure !== undefined) throw this.#error(rows);
    return rows;
  }

  usage() {
    return this.handle.usage();
  }

  // The models in the catalogue's body, or the one model that the caller asked for.
  models(bytes) {
    const models = this.told(this.handle.models(bytes, Date.now(), performance.now()));
    if (models.failure !== undefined) throw this.#error(models);
    return models;
  }

  cancelled_error(partial) {
    const { cause, reason, waited = 0 } = this.cancel;
    return this.#error(this.told(this.handle.cancelled(CAUSES[cause] ?? CAUSES.closed, waited)), { partial, reason });
  }

  body_lost(cause) {
    return this.#error(this.told(this.handle.broken_off(false, unreadable(cause), namesOf(cause))), { cause });
  }

  stream_lost(cause, partial) {
    return this.#error(this.told(this.handle.broken_off(true, unreadable(cause), namesOf(cause))), { cause, partial });
  }

  stream_fault(decoder, partial) {
    const told = this.told(this.handle.stream_fault(decoder));
    // A choice's own error is in the text too. JSON can't express -0 or infinite numbers, so the object is replaced only if it contains a secret.
    const text = JSON.stringify(partial);
    const clean = redacted(text, told.secrets);
    return this.#error(told, { partial: clean === text ? partial : JSON.parse(clean) });
  }

  // The error of a whole answer that reports a failure, with the partial answer; undefined for any other answer.
  failed(bytes) {
    const told = this.told(this.handle.wrong_answer(bytes, MAY_HAVE_FAILED));
    if (told === null) return undefined;
    const error = this.#error(told);
    // An answer that is too large to be searched for keys is quoted in part, as text.
    error.partial = typeof error.body === "string" ? null : error.body;
    return error;
  }

  // Repairs a whole answer in which values have the wrong type.
  folded(bytes) {
    return JSON.parse(this.told(this.handle.folded(bytes)));
  }

  unexpected(bytes) {
    return this.#error(this.told(this.handle.wrong_answer(bytes.subarray(0, LARGE + 1), UNEXPECTED)));
  }

  // Throws for a large body that holds no answer. Otherwise the engine would take seconds to turn it into objects that nobody needs.
  checkLarge(bytes) {
    const told = bytes.length > LARGE ? this.told(this.handle.wrong_answer(bytes, MAY_HOLD_NONE)) : null;
    if (told !== null) throw this.#error(told);
  }

  #error(told, added) {
    return this.failed_with(told, { headers: this.headers, partial: null, ...added });
  }

  // Makes the error of a failure that the core reports. The core doesn't know the keys in another library's request, so they are removed here.
  failed_with({ failure, secrets }, added) {
    const { broughtSecrets: own } = this;
    const clean = own.length > 0 ? JSON.parse(redacted(JSON.stringify(failure), own)) : failure;
    return errorOf(clean, [...secrets, ...own], added);
  }
}

// The reason that fetch.js gives for a body that isn't the platform's.
function unreadable(thrown) {
  try {
    return typeof thrown?.unreadable === "string" ? thrown.unreadable : undefined;
  } catch {
    return undefined;
  }
}

// A promise of the settlement, which resolves once the store has stored everything.
export function settlement() {
  let settle;
  const settled = new Promise((resolve) => {
    settle = (data, storing = []) => resolve(storing.length > 0 ? Promise.all(storing).then(() => data) : data);
  });
  return { settle, settled };
}

// Adds to a client's handle what only JavaScript needs: the caller's functions and store, sleeping calls, prepared headers.
export const hooked = (client, { onSettled, fetch, apiKey, store }) =>
  Object.assign(client, { onSettled, fetch, apiKey, store, waiters: new Map(), forms: [], loading: undefined });

// Checked for each call: an older runtime may get its fetch after this package was loaded.
function checkFetch(client) {
  if (client.fetch === undefined && typeof fetch !== "function") throw refuse("fetch", "this runtime has none", undefined, "Give one as an option of the client.");
}

// Opens a call. Bad arguments throw here, before anything is sent or settled. `prepare` returns the call's handle and hooks, `clientOf` the client.
export function open(clientOf, kind, prepare, settle) {
  let cancel;
  let call;
  try {
    const [make, hooks] = prepare();
    const client = clientOf();
    checkFetch(client);
    cancel = new Cancel(hooks.signals);
    call = new Call(client, make(Date.now(), performance.now()), cancel);
    // By a name first: V8 puts a function that is written down as a property's value where only a full collection finds it dead, with
    // the whole call behind it.
    const tell = (given) => {
      const data = Object.assign(given ?? nothing(kind), { metadata: hooks.metadata });
      notify(client.onSettled, data);
      notify(hooks.onSettled, data);
      settle(data, call.storing);
    };
    call.settle = tell;
  } catch (error) {
    cancel?.release();
    settle(nothing(kind));
    throw error;
  }
  try {
    call.start();
  } catch (error) {
    throw fail(call, cancel, error);
  }
  return { call, cancel };
}

// The settlement of a call that never began, or whose record a trap has lost.
export function nothing(kind) {
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, source: "estimated" };
  const cost = { usd: null, inputUsd: null, outputUsd: null, source: "unknown" };
  return {
    outcome: "error", finishReason: null, kind, model: "", provider: null, key: "", usage, cost,
    attempts: 0, tried: [], requestId: null, startedAt: Date.now(), firstTokenMs: null, durationMs: 0,
  };
}

// Ends a call; the first time produces its settlement. For a good end, the caller has released the response before.
export function close(call, cancel, outcome, finishReason) {
  cancel.end("closed");
  const { settle } = call;
  // The hooks are dropped, since they may refer to this call and would keep it in memory for ever.
  call.settle = undefined;
  if (settle !== undefined) settleWith(call, settle, () => call.close(outcome, finishReason), 1);
}

// The step in which a trap happened is not repeated; the remaining steps are.
function settleWith(call, settle, ask, tries) {
  let data;
  try {
    data = ask();
  } catch {
    if (tries > 0) settleWith(call, settle, ask, tries - 1);
    else settle(undefined);
    return;
  }
  if (data === null) call.prices.then(() => settleWith(call, settle, ask, 1));
  else {
    settle(data);
    call.free();
  }
}

// The typed error for whatever ended a call. The call is settled now if it isn't already.
export function fail(call, cancel, error) {
  let reported;
  try {
    reported = typed(call, cancel, error);
  } catch (fault) {
    reported = fault;
  }
  close(call, cancel, cancel.cause === "abort" ? "aborted" : "error", null);
  return reported;
}

// The typed error for whatever ended a call after its response had arrived.
export function typed(call, cancel, error) {
  if (error instanceof HfetchError) return error;
  const early = cancel.cause !== null && cancel.cause !== "closed";
  return early ? call.cancelled_error(null) : call.body_lost(error);
}

// Reads the catalogue or one model of it, from the response on.
export async function catalogue(client, id, [data, hooks], read) {
  checkFetch(client);
  const cancel = new Cancel(hooks.signals);
  let call;
  try {
    call = new Call(client, client.catalogue(id, data, Date.now(), performance.now()), cancel);
    call.start();
    const sent = await call.send(0);
    const answer = await read(call, cancel, sent);
    sent.forget();
    cancel.end("closed");
    return answer;
  } catch (error) {
    if (call === undefined) {
      cancel.release();
      throw error;
    }
    throw fail(call, cancel, error);
  }
}

// The JSON of what a usage object holds besides its counts. Most hold nothing else, and then nothing is written.
const BESIDE = ["cost", "estimated_cost", "prompt_tokens_details", "completion_tokens_details", "cached_tokens", "prompt_cache_hit_tokens", "input_tokens_details", "output_tokens_details"];

function besideOf(usage) {
  const told = BESIDE.filter((name) => usage?.[name] !== undefined && usage[name] !== null);
  return told.length > 0 ? JSON.stringify(usage, [...told, "cached_tokens", "reasoning_tokens"]) : undefined;
}
