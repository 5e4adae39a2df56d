// How a call begins and how it ends, whoever makes it.

import { Cancel } from "./cancel.js";
import { drive } from "./driver.js";
import { REDIRECTS, sendRequest } from "./fetch.js";
import { HfetchError, errorOf, namesOf, redacted } from "./error.js";
import { notify, warnOfLoss } from "./notify.js";
import { refuse } from "./options.js";
import { recordAt } from "./plain.js";
import { livePrices } from "./prices.js";
import { CAUSES, MAY_HAVE_FAILED, MAY_HOLD_NONE, OUTCOMES, REFUSED, RESERVED, UNDER_WAY, UNEXPECTED, UNREAD } from "./protocol.js";
import { carryOut } from "./store.js";

const LARGE = 2 ** 20; // bytes: of a larger body an error tells so many

// One call under way: the core's handle, and what only this side can hold.
export class Call {
  storing = []; // what a given store still has to store
  headers = undefined; // of the last response
  requestId = null; // of the response that is delivered
  secrets = []; // what its headers must not show
  prices = null; // a promise of live prices, where the call needs some
  settle = undefined; // takes the settlement, once
  quotas = null; // what is left of the limits of a call that brought some, where a store tells
  first = undefined; // the step with which its only request has begun
  brought = null; // headers of a request that somebody else has made, in pairs
  broughtSecrets = []; // in those headers
  others = null; // what that request has beside them, such as a dispatcher
  redirects = REDIRECTS; // how many are followed
  stays = () => true; // whether one of them may be, by where it leads to
  transport = sendRequest;
  refused = undefined; // the response that it failed with: {status, headers, body}
  #firstTokenAt = undefined;

  constructor(client, handle, cancel) {
    this.client = client;
    this.handle = handle;
    this.cancel = cancel;
  }

  // Learns what the call is; one with one request has begun by then. Whatever it throws ends the call.
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

  // What the core says in a record, once what it wants done beside it has been begun.
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

  // Gives word of what is reserved. What a trap leaves untold is told the next time.
  #underWay() {
    try {
      this.told(this.handle.event(0, UNDER_WAY, 0, Date.now(), performance.now(), 0));
    } catch {
      // The call itself ends where it next needs what has trapped.
    }
  }

  // More of a stream has come, as far as anybody knows, than its reader took: what the model wrote meanwhile can't be told.
  unread() {
    this.told(this.handle.event(0, UNREAD, 0, Date.now(), performance.now(), 0));
  }

  // An event with a text.
  say(index, kind, number, text) {
    return this.told(this.handle.event_with(index, kind, number, text, Date.now(), performance.now(), Math.random()));
  }

  // A given store's answer; one that makes no sense is a refusal.
  reserved(index, answer) {
    this.quotas = answer?.quotas ?? this.quotas;
    if (answer?.ok && typeof answer.reservation === "string") return this.say(index, RESERVED, 0, answer.reservation);
    const { scope, reason, retryAfter, spentUsd, budgetUsd } = answer ?? {};
    // Of anything else that a store may give, JSON could be made only by its own code.
    const plain = (key, value) => (key === "" || typeof value === "string" || typeof value === "number" ? value : undefined);
    return this.say(index, REFUSED, 0, JSON.stringify({ scope, reason, retryAfter, spentUsd, budgetUsd }, plain));
  }

  // The core's part is let go, unless a store may still answer.
  free() {
    if (this.storing.length > 0) return;
    try {
      this.handle.free();
    } catch {
      // A trap keeps what it was in the middle of.
    }
  }

  // Hands in a reservation that came after the call had ended; resolves once the store has it back.
  givenBack(index, answer) {
    const before = this.storing.length;
    this.reserved(index, answer);
    return Promise.all(this.storing.slice(before));
  }

  first_token() {
    this.#firstTokenAt ??= performance.now();
  }

  // Books what an answer took: by its server's counts where its end was seen and they can be right, else by the larger of them and
  // of what was delivered. `before`: what came before the text and is counted already; `usage`: what may tell a cost beside the counts.
  took(index, counts, text, whole, before = { characters: 0, tokens: 0 }, usage = undefined) {
    const told = counts.map((count) => (count === undefined || count === null ? undefined : typeof count === "number" ? count : NaN));
    const said = before.characters + text.length;
    const beside = besideOf(usage);
    const book = (given) => this.told(this.handle.took(index, ...told, said, given, before.tokens, beside, Date.now(), performance.now()));
    if (!whole || !book()) book(text);
  }

  // Books what a stream took; `asked`: somebody may ask what it came to.
  streamed(decoder, whole, asked) {
    return this.told(this.handle.streamed(decoder, whole, asked, Date.now(), performance.now()));
  }

  // The settlement, or null while prices are on their way.
  close(outcome, finishReason) {
    const code = OUTCOMES[outcome];
    return this.told(this.handle.close(code, finishReason ?? undefined, this.#firstTokenAt, Date.now(), performance.now())).settlement;
  }

  // The rows in a batch's answer.
  rows(index, body, counted) {
    const rows = this.told(this.handle.rows(index, body, counted, Date.now(), performance.now()));
    if (rows.failure !== undefined) throw this.#error(rows);
    return rows;
  }

  usage() {
    return this.handle.usage();
  }

  // The models of a catalogue's body, or the one model that was asked for.
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
    // What a choice says of its failure is in it too. JSON has no word for -0 and what is beyond all numbers: without a secret it stays as it is.
    const text = JSON.stringify(partial);
    const clean = redacted(text, told.secrets);
    return this.#error(told, { partial: clean === text ? partial : JSON.parse(clean) });
  }

  // The error of a whole answer that says that it failed, with what there is of it; undefined for one that doesn't.
  failed(bytes) {
    const told = this.told(this.handle.wrong_answer(bytes, MAY_HAVE_FAILED));
    if (told === null) return undefined;
    const error = this.#error(told);
    // One that is too large to be looked through for keys is told in part, as text.
    error.partial = typeof error.body === "string" ? null : error.body;
    return error;
  }

  // A whole answer in which values have other types than are due, as it was meant.
  folded(bytes) {
    return JSON.parse(this.told(this.handle.folded(bytes)));
  }

  unexpected(bytes) {
    return this.#error(this.told(this.handle.wrong_answer(bytes.subarray(0, LARGE + 1), UNEXPECTED)));
  }

  // Throws for a large body that holds no answer: the engine would take seconds to make objects of what nobody asked for.
  checkLarge(bytes) {
    const told = bytes.length > LARGE ? this.told(this.handle.wrong_answer(bytes, MAY_HOLD_NONE)) : null;
    if (told !== null) throw this.#error(told);
  }

  #error(told, added) {
    return this.failed_with(told, { headers: this.headers, partial: null, ...added });
  }

  // The error of what the core says, which doesn't know the keys that somebody else's request brought.
  failed_with({ failure, secrets }, added) {
    const { broughtSecrets: own } = this;
    const clean = own.length > 0 ? JSON.parse(redacted(JSON.stringify(failure), own)) : failure;
    return errorOf(clean, [...secrets, ...own], added);
  }
}

// What fetch.js says of a body that is not the platform's.
function unreadable(thrown) {
  try {
    return typeof thrown?.unreadable === "string" ? thrown.unreadable : undefined;
  } catch {
    return undefined;
  }
}

// A promise of the one settlement: once a store has all there is to store.
export function settlement() {
  let settle;
  const settled = new Promise((resolve) => {
    settle = (data, storing = []) => resolve(storing.length > 0 ? Promise.all(storing).then(() => data) : data);
  });
  return { settle, settled };
}

// A client's handle with what only this side calls: the caller's functions and store, sleepers, header templates.
export const hooked = (client, { onSettled, fetch, apiKey, store }) =>
  Object.assign(client, { onSettled, fetch, apiKey, store, waiters: new Map(), forms: [], loading: undefined });

// Asked at each call: an older runtime may get its fetch after it has loaded this.
function checkFetch(client) {
  if (client.fetch === undefined && typeof fetch !== "function") throw refuse("fetch", "this runtime has none", undefined, "Give one as an option of the client.");
}

// Bad arguments throw here: nothing is sent, and nothing enters the ledger. `prepare` gives a call's handle and hooks, `clientOf` the client.
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

// The settlement of a call that never was one, or of which a trap left nothing to tell.
export function nothing(kind) {
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, source: "estimated" };
  const cost = { usd: null, inputUsd: null, outputUsd: null, source: "unknown" };
  return {
    outcome: "error", finishReason: null, kind, model: "", provider: null, key: "", usage, cost,
    attempts: 0, tried: [], requestId: null, startedAt: Date.now(), firstTokenMs: null, durationMs: 0,
  };
}

// Ends a call, the first time with its settlement. Whoever ends it well has untied the response before.
export function close(call, cancel, outcome, finishReason) {
  cancel.end("closed");
  const { settle } = call;
  // The hooks are let go: they may lead back to this call, which would keep it for ever.
  call.settle = undefined;
  if (settle !== undefined) settleWith(call, settle, () => call.close(outcome, finishReason), 1);
}

// What a trap was in the middle of is not tried again: the rest is.
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

// The typed error of whatever ended a call, which is settled now at the latest.
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

// The typed error of whatever ended a call after its response.
export function typed(call, cancel, error) {
  if (error instanceof HfetchError) return error;
  const early = cancel.cause !== null && cancel.cause !== "closed";
  return early ? call.cancelled_error(null) : call.body_lost(error);
}

// A look into the catalogue, from its body on.
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

// What a usage tells beside its counts, as JSON: most tell nothing, and then there is nothing to be written.
const BESIDE = ["cost", "estimated_cost", "prompt_tokens_details", "completion_tokens_details", "cached_tokens", "prompt_cache_hit_tokens", "input_tokens_details", "output_tokens_details"];

function besideOf(usage) {
  const told = BESIDE.filter((name) => usage?.[name] !== undefined && usage[name] !== null);
  return told.length > 0 ? JSON.stringify(usage, [...told, "cached_tokens", "reasoning_tokens"]) : undefined;
}
