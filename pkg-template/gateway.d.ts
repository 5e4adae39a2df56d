/**
 * `hfetch/gateway`: a fetch handler that keeps the keys on the server. Pages and other clients call it as they would call OpenAI's
 * API; it checks who they are, holds limits and budget, and hands the model's bytes on.
 *
 * It serves `POST /v1/chat/completions`, `POST /v1/completions`, `POST /v1/responses`, `POST /v1/embeddings`, `POST /v1/rerank` (and `/rerank`), `GET /v1/models` and `GET /healthz`. The catalogue is
 * kept for a minute, one model is answered from it, and a model that is not in it is a 404. A failure of it is kept for 30 s, and each further one in a row for twice as long, up to ten minutes.
 *
 * @packageDocumentation
 */
import type { Budget, Limits, LimitStore, Pricing, Route, Settlement, StoreRefusal, StoreReservation } from "./hfetch.js";

declare global {
  interface Request {}
  interface Response {}
}

/**
 * What a gateway is told. Every option but the functions, `store` and `embeddings.concurrency` can also come from a variable or secret of
 * the environment; an option wins over its variable.
 */
export interface GatewayOptions<Env = unknown> {
  /** Keys of the model's server, used in turn. Variables: `HF_TOKEN` (several by comma), `HF_TOKEN_1`, `HF_TOKEN_2`, … */
  apiKeys?: string[];
  /** Where requests go, default Hugging Face's router. Variable: `HF_BASE_URL`. */
  baseURL?: string;
  /** Who pays: an organisation's name. Variable: `HF_BILL_TO`. */
  billTo?: string;
  /** Static keys of callers, compared in constant time. Variable: `GATEWAY_CLIENT_KEYS`, separated by commas. */
  clientKeys?: string[];
  /** What session tickets are signed with, 32 characters or more, white space around them not counted; see {@link issueTicket}. Variable: `GATEWAY_TICKET_SECRET`. */
  ticketSecret?: string;
  /** The audience that tickets must name. Default: the origin of `url`. Variable: `GATEWAY_AUDIENCE`. */
  audience?: string;
  /** This gateway's own address, such as `https://gateway.example`, which tickets must name. Without it and `audience` they must name nothing, and are good for each gateway with the same secret. Variable: `GATEWAY_URL`. */
  url?: string;
  /**
   * The path that its routes are below where they stand beside others: with `/ai` it serves `/ai/v1/chat/completions`. What is not below it is a
   * 404. Whoever takes the path off before the gateway is asked, as Hono's `mount` does, leaves this out. Variable: `GATEWAY_BASE_PATH`.
   */
  basePath?: string;
  /**
   * Decides alone who may call: keys and tickets are not looked at. Gives the caller's name, with limits and a budget of its own if it
   * has some, or the answer to send instead. Who wants to read the body reads `request.clone()`. A gateway open to everybody is `async () => ({ client: "anyone" })`.
   */
  authorize?: (request: Request, env: Env) => Promise<Caller | Response>;
  /** Origins whose pages may call, such as `https://app.example`; `"*"` is every one. Default: none but the gateway's own, which is `url` or where the request went. Variable: `GATEWAY_ORIGINS`. */
  origins?: string[];
  /** Models that may be asked for; `*` stands for anything within a name. Default: all. It holds for every model that a body names for its server (`models`, `fallbacks`, a `preset` …). Variable: `GATEWAY_MODELS`. */
  models?: string[];
  /** The most a request may ask for. A request for embeddings has 2,048 inputs at most, as in OpenAI's API, and one for reranking as many documents. */
  caps?: GatewayCaps;
  /**
   * What becomes of a member of a body that nobody here knows: `"pass"` (default) hands it on unless it is known to cost, as other names of
   * `max_tokens`, `n` and `model` are, which are held to the caps; `"refuse"` answers 400 and names it. Variable: `GATEWAY_UNKNOWN_MEMBERS`.
   */
  unknownMembers?: "pass" | "refuse";
  /** How long the model's server is waited for; what is not named is as in the client. */
  timeout?: GatewayTimeout;
  /** How a request for embeddings is split. It counts as one against the limits of clients, tickets and the gateway, and is refused before anything is sent where one of its parts could not be. */
  embeddings?: GatewayEmbeddings;
  /**
   * Who may answer, and who is asked when one fails. With it (`{}` is enough) a body's `models` are asked behind its `model` and before
   * those of the route, each of which must be on the list; where no offer fits, the answer is 404 with the code `no_offer`. Without it `models` is the affair of the model's server. Variables: `GATEWAY_ROUTE_MODELS`, `_ORDER`, `_ONLY`, `_IGNORE`, `_HAS` (lists), `_SORT`,
   * `_MAX_INPUT_PER_MILLION`, `_MAX_OUTPUT_PER_MILLION`, `_MAX_FIRST_TOKEN_MS`, `_MIN_THROUGHPUT`, `_MIN_CONTEXT`.
   */
  route?: Route;
  /**
   * ms after which a head goes out although the model's server has answered nothing yet, with comments (a stream) or spaces (JSON) behind it: in
   * workerd a caller who has hung up is noticed by being written to, and by nothing else. An error that comes later stands in the body of a 200.
   * 0: never. Default 7,000. Other hosts tell it by the request's signal and need no such head. Variable: `GATEWAY_EARLY_HEAD`.
   */
  earlyHead?: number;
  /** Limits of the whole gateway. Variables: `GATEWAY_REQUESTS_PER_MINUTE`, `GATEWAY_TOKENS_PER_MINUTE`, `GATEWAY_REQUESTS_PER_MONTH`, `GATEWAY_MAX_CONCURRENT`. */
  limits?: Limits;
  /** Limits of each client that has none of its own. `maxConcurrent`, theirs too, is a quarter of the gateway's by default, 1 at least; 0 for no such share. Variables: `GATEWAY_CLIENT_REQUESTS_PER_MINUTE`, … */
  clientLimits?: Limits;
  /** Limits of each key of the model's server, `maxConcurrent` too. Variables: `GATEWAY_KEY_REQUESTS_PER_MINUTE`, … */
  keyLimits?: Limits;
  /** What the whole gateway may spend, above 0. Variables: `GATEWAY_BUDGET_USD` and `GATEWAY_BUDGET_PER` (`hour`, `day`, `month`, `total`; default `month`). */
  budget?: Budget;
  /** Prices, for the budget and for settlements; with a budget or `tellCost` default `"live"`. Variable: `GATEWAY_PRICING`, `live` or JSON. */
  pricing?: Pricing | Record<string, Pricing> | "live";
  /**
   * Tells callers what their call cost: as `cost` (US dollars) of the answer's usage, which hfetch's client has in its settlement as
   * `reported`; a whole answer in the headers `x-hfetch-cost-usd` and `x-hfetch-cost-source` too, and a stream before its end in a comment,
   * `: hfetch {"cost":{"usd":0.00012,"source":"live"}}`. In a stream the usage is told to who asks for it. What fails tells nothing; a
   * price that nobody knows is told by the source `unknown`. The end of an answer waits for its price: where the catalogue of live prices doesn't
   * come, ten seconds at most, and the next calls go without. Without this option the gateway adds nothing, and hands a `cost` of the
   * model's server on as it comes. Default false. Variable: `GATEWAY_TELL_COST`.
   */
  tellCost?: boolean;
  /** Where limits are counted. Default: the Durable Object bound as `LIMITS`, else the memory of one isolate, which a log line says. */
  store?: LimitStore;
  /** Called with every settlement, and with the handler's own `env` and `ctx`. What it throws is logged and changes nothing. */
  onSettled?: (settlement: Settlement, env: Env, ctx: unknown) => void;
  /** In place of the platform's `fetch`. */
  fetch?: (url: string, init: any) => Promise<any>;
}

/** Who calls. */
export interface Caller {
  /** A name for limits, log lines and settlements. */
  client: string;
  /** Limits in place of `clientLimits`. */
  limits?: Limits;
  /** What this client may spend; of 0 USD it may ask for nothing that costs something. */
  budget?: Budget;
}

/** The most a request may ask for; beyond it a request is refused with 400, or 413 for a body. */
export interface GatewayCaps {
  /**
   * `max_tokens` and `max_completion_tokens`, always sent as `max_tokens`; `max_output_tokens` of the Responses API. The cap itself goes out where the caller names none. -1, no maximum, is refused.
   * Holds for other servers' names too, wherever they stand: `max_new_tokens`, `Max_Tokens`, `extra_body.max_tokens`, `options.num_predict`. Without it a budget sends 4096. Variable: `GATEWAY_MAX_TOKENS`.
   */
  maxTokens?: number;
  /** `n`, answers at once, and other names of it: `best_of`, `num_return_sequences`. Variable: `GATEWAY_MAX_N`. */
  n?: number;
  /** Bytes of a body, default 4 MiB. Variable: `GATEWAY_MAX_BODY_BYTES`. */
  bodyBytes?: number;
  /** Messages of a chat, items of a response's `input`. Variable: `GATEWAY_MAX_MESSAGES`. */
  messages?: number;
}

/** How long the model's server is waited for, in ms. */
export interface GatewayTimeout {
  /** To its head, each time it is asked. Variable: `GATEWAY_TIMEOUT_HEADERS`. */
  headers?: number;
  /** Another name for `headers`. Variable: `GATEWAY_TIMEOUT_CONNECT`. */
  connect?: number;
  /** Between two parts of its answer. A stream that its caller leaves unread for as long, or for 30 s, is given up. Variable: `GATEWAY_TIMEOUT_IDLE`. */
  idle?: number;
  /** For everything. Variable: `GATEWAY_TIMEOUT_TOTAL`. */
  total?: number;
}

/** How a request for embeddings is split. */
export interface GatewayEmbeddings {
  /** Inputs that go to the model's server at once, default 32. Variable: `GATEWAY_EMBEDDINGS_BATCH`. */
  batchSize?: number;
  /** Requests at once, default 4. */
  concurrency?: number;
}

/** What a Worker exports by default. */
export interface GatewayHandler {
  /**
   * Answers a request; never rejects. It may be called beside routes of your own, and be taken off the handler: `export const POST = handler.fetch`.
   * @param env the environment. Where a host gives something else there, or nothing, it is the process's.
   * @param ctx of it `waitUntil` is called with the work that goes on after the answer.
   */
  fetch(request: Request, env?: unknown, ctx?: unknown): Promise<Response>;
}

/**
 * Makes the handler.
 *
 * Wrong settings show at the first request, as a 500 that names the option or variable and never its value.
 * @typeParam Env what the handler's environment holds, as its functions are given it.
 * @param options what it is told, or a function of the environment that gives it; without them the environment says everything.
 *
 * @example
 * ```js
 * import { gateway, LimitObject } from "hfetch/gateway";
 * export { LimitObject };
 * export default gateway();
 * ```
 */
export function gateway<Env = unknown>(options?: GatewayOptions<Env> | ((env: Env) => GatewayOptions<Env>)): GatewayHandler;

/** What a ticket says. */
export interface Ticket {
  /** Who holds it: the name for limits, log lines and settlements. */
  client: string;
  /** ms from now on for which it holds. */
  expiresIn: number;
  /** The gateway it is for, which takes no other and none without: its `audience`, or where it has none its address such as `https://gateway.example`. */
  audience?: string;
  /** Limits of this ticket alone, beside those of its client: whole numbers, 0 is no limit. */
  limits?: Limits;
}

/**
 * Signs a ticket that lets a page call the gateway for a while. Give it to the page as `apiKey`, there a function, so that it is renewed.
 * What can't be a ticket is a `ConfigError`, with `path`: a secret of less than 32 characters, limits that are no numbers.
 * @param secret the gateway's `ticketSecret`; white space around it is left out, as the gateway leaves it out.
 * @param ticket who holds it and for how long.
 */
export function issueTicket(secret: string, ticket: Ticket): Promise<string>;

/**
 * The Durable Object that holds limits and budgets for every isolate. A Worker exports it and binds it, as a class with SQLite storage,
 * under the name `LIMITS`.
 *
 * What it has granted survives eviction and restart; a reservation of which nothing is heard for ten minutes is lost: its place is free again,
 * and what it held counts as spent until it is settled after all.
 */
export class LimitObject implements LimitStore {
  constructor(ctx?: unknown, env?: unknown);
  /** Takes one request, `tokens` and `usd` in every part, or says which part refused. */
  reserve(request: {
    parts: { scope: string; pause?: string; tokens: number; usd: number; limits: Limits; budget: Budget | null }[];
    now: number;
  }): Promise<StoreReservation | StoreRefusal>;
  /** Puts what was used in place of what was reserved. */
  settle(reservation: string, actual: { tokens: number; usd: number; now: number }): Promise<void>;
  /** Gives a reservation back. */
  release(reservation: string): Promise<void>;
  /** Its request is under way still. */
  renew(reservation: string, word: { now: number }): Promise<void>;
  /** Lets nothing through for this scope before `until`, and for no longer than 15 minutes: the caller's clock may be ahead. */
  block(scope: string, until: number): Promise<void>;
  /** The runtime's: gives up reservations that never ended. */
  alarm(): Promise<void>;
}

/** The binding of a Durable Object class, as the environment has it. */
export interface LimitNamespace {
  /** The id of the object with this name. */
  idFromName(name: string): any;
  /** The object. */
  get(id: any): any;
}

/**
 * The limits of a {@link LimitObject} as a `LimitStore`: for a client in a Worker of its own, `new HuggingFace({ store: durableStore(env.LIMITS) })`.
 * @param namespace the binding.
 * @param name which object; clients that name the same one share their limits. Default `"limits"`, the gateway's own.
 */
export function durableStore(namespace: LimitNamespace, name?: string): LimitStore;
