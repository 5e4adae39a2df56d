/**
 * `hfetch/gateway`: a fetch handler that keeps the keys on the server. Pages and other clients call it like OpenAI's API. The gateway checks who they are, keeps limits
 * and a budget, and passes the model's bytes on.
 *
 * It serves `POST /v1/chat/completions`, `POST /v1/completions`, `POST /v1/responses`, `POST /v1/embeddings`, `POST /v1/rerank` (and `/rerank`), `GET /v1/models` and `GET /healthz`. The catalogue
 * of models is kept for a minute. A request for one model is answered from it, with a 404 if the catalogue doesn't have the model. If the catalogue can't be fetched, that is remembered for 30 s, and after each
 * further failure in a row for twice as long, up to ten minutes.
 *
 * @packageDocumentation
 */
import type { Budget, Limits, LimitStore, Pricing, Route, Settlement, StoreRefusal, StoreReservation } from "./hfetch.js";

declare global {
  interface Request {}
  interface Response {}
}

/**
 * The options of a gateway. Every option except the functions, `store` and `embeddings.concurrency` can also come from a variable or secret of
 * the environment. An option wins over its variable.
 */
export interface GatewayOptions<Env = unknown> {
  /** Keys of the model's server; the least loaded one is used. Variables: `HF_TOKEN` (several separated by commas), `HF_TOKEN_1`, `HF_TOKEN_2`, … */
  apiKeys?: string[];
  /** The address of the model's server. Default: Hugging Face's router. Variable: `HF_BASE_URL`. */
  baseURL?: string;
  /** The name of the organisation that pays. Variable: `HF_BILL_TO`. */
  billTo?: string;
  /** Static keys of callers, compared in constant time. Variable: `GATEWAY_CLIENT_KEYS`, separated by commas. */
  clientKeys?: string[];
  /** The secret that signs session tickets: at least 32 characters, not counting white space around them; see {@link issueTicket}. Variable: `GATEWAY_TICKET_SECRET`. */
  ticketSecret?: string;
  /** The audience that tickets must name. Default: the origin of `url`. Variable: `GATEWAY_AUDIENCE`. */
  audience?: string;
  /** This gateway's own address, such as `https://gateway.example`. Tickets must name it. If there is neither this option nor `audience`, tickets must name no audience, and are valid for every gateway with the same secret. Variable: `GATEWAY_URL`. */
  url?: string;
  /**
   * The path below which the gateway serves, for servers with other routes: with `/ai` it serves `/ai/v1/chat/completions`. Any other path is a
   * 404. If your framework removes the path before it calls the gateway, as Hono's `mount` does, leave this option out. Variable: `GATEWAY_BASE_PATH`.
   */
  basePath?: string;
  /**
   * A function that alone decides who may call; keys and tickets are then ignored. It returns the caller's name, optionally with limits and a budget of its own,
   * or a response to send instead. To read the body, it has to read `request.clone()`. With `async () => ({ client: "anyone" })` the gateway is open to everybody.
   */
  authorize?: (request: Request, env: Env) => Promise<Caller | Response>;
  /** The origins whose pages may call, such as `https://app.example`; `"*"` allows all. Default: only the gateway's own origin, which is that of `url` or of the request's address. Variable: `GATEWAY_ORIGINS`. */
  origins?: string[];
  /** The models that callers may use; `*` stands for any characters within a name. Default: all. The list applies to every model that a body names for its server (`models`, `fallbacks`, a `preset` …). Variable: `GATEWAY_MODELS`. */
  models?: string[];
  /** The most that a request may ask for. An embeddings request may have at most 2,048 inputs, as in OpenAI's API, and a reranking request as many documents. */
  caps?: GatewayCaps;
  /**
   * The treatment of unknown members of a body. `"pass"` (default) passes them on; other names of `max_tokens`, `n` and `model` are known and checked against
   * the caps. `"refuse"` answers with a 400 that names the member. Variable: `GATEWAY_UNKNOWN_MEMBERS`.
   */
  unknownMembers?: "pass" | "refuse";
  /** How long the gateway waits for the model's server. The defaults are the client's. */
  timeout?: GatewayTimeout;
  /** How an embeddings request is split into batches. It counts as one request against the limits of clients, tickets and the gateway. If one of its batches could not be sent, it is refused before anything is sent. */
  embeddings?: GatewayEmbeddings;
  /**
   * Which models and providers may answer, and which one is asked when another fails. With this option (`{}` is enough) the models in a body's `models` are asked after its `model` and before
   * those of the route; all of them must be on the list of `models`. If no offer fits, the answer is a 404 with the code `no_offer`. Without this option the model's server decides about a body's `models`. Variables: `GATEWAY_ROUTE_MODELS`, `_ORDER`, `_ONLY`, `_IGNORE`, `_HAS` (lists), `_SORT`,
   * `_MAX_INPUT_PER_MILLION`, `_MAX_OUTPUT_PER_MILLION`, `_MAX_FIRST_TOKEN_MS`, `_MIN_THROUGHPUT`, `_MIN_CONTEXT`.
   */
  route?: Route;
  /**
   * Ms after which the gateway sends headers although the model's server hasn't answered yet, followed by comments (for a stream) or spaces (for JSON). In workerd this
   * is the only way to notice that a caller has hung up: a write to it fails. A later error is then in the body of a 200. 0: never. Default 7,000. Other hosts abort
   * the request's signal and need no early headers. Variable: `GATEWAY_EARLY_HEAD`.
   */
  earlyHead?: number;
  /** Limits of the whole gateway. Variables: `GATEWAY_REQUESTS_PER_MINUTE`, `GATEWAY_TOKENS_PER_MINUTE`, `GATEWAY_REQUESTS_PER_MONTH`, `GATEWAY_MAX_CONCURRENT`. */
  limits?: Limits;
  /** Limits of each client without limits of its own. The default of every client's `maxConcurrent` is a quarter of the gateway's, but at least 1; 0 means no limit. Variables: `GATEWAY_CLIENT_REQUESTS_PER_MINUTE`, … */
  clientLimits?: Limits;
  /** Limits of each key of the model's server, including `maxConcurrent`. Variables: `GATEWAY_KEY_REQUESTS_PER_MINUTE`, … */
  keyLimits?: Limits;
  /** The most that the whole gateway may spend, above 0. Variables: `GATEWAY_BUDGET_USD` and `GATEWAY_BUDGET_PER` (`hour`, `day`, `month`, `total`; default `month`). */
  budget?: Budget;
  /** The prices for the budget and for settlements. With a budget or `tellCost` the default is `"live"`. Variable: `GATEWAY_PRICING`, `live` or JSON. */
  pricing?: Pricing | Record<string, Pricing> | "live";
  /**
   * Whether callers are told what their call cost. The cost is `cost` (US dollars) in the answer's usage, which a caller's hfetch client settles as
   * `reported`. A whole answer also has it in the headers `x-hfetch-cost-usd` and `x-hfetch-cost-source`, and a stream in a comment before its end:
   * `: hfetch {"cost":{"usd":0.00012,"source":"live"}}`. A stream has the usage only if the caller asked for it. An answer that fails has no cost; an unknown
   * price has the source `unknown`. The end of an answer waits for its price: if the catalogue with live prices doesn't arrive, for at most ten seconds, and the next
   * calls don't wait. Without this option the gateway adds nothing, and passes on a `cost` of the model's server unchanged. Default false. Variable: `GATEWAY_TELL_COST`.
   */
  tellCost?: boolean;
  /** Where limits are counted. Default: in the Durable Object bound as `LIMITS`, otherwise in the memory of one isolate; a log line says so. */
  store?: LimitStore;
  /** Is called with every settlement, and with the handler's `env` and `ctx`. If it throws, that is logged and changes nothing. */
  onSettled?: (settlement: Settlement, env: Env, ctx: unknown) => void;
  /** A function to use instead of the platform's `fetch`. */
  fetch?: (url: string, init: any) => Promise<any>;
}

/** The caller of a gateway. */
export interface Caller {
  /** The caller's name for limits, log lines and settlements. */
  client: string;
  /** Limits instead of `clientLimits`. */
  limits?: Limits;
  /** The most that this client may spend. With 0 USD it can make only requests that cost nothing. */
  budget?: Budget;
}

/** The most that a request may ask for. A request that asks for more is refused with 400; a body that is too large, with 413. */
export interface GatewayCaps {
  /**
   * The highest `max_tokens` or `max_completion_tokens` (always sent as `max_tokens`), and `max_output_tokens` of the Responses API. If the caller names no maximum, the cap itself is sent; -1 (no maximum) is refused.
   * The cap also applies to other servers' names, wherever they are in the body: `max_new_tokens`, `Max_Tokens`, `extra_body.max_tokens`, `options.num_predict`. Without a cap, a budget sends 4096. Variable: `GATEWAY_MAX_TOKENS`.
   */
  maxTokens?: number;
  /** The highest `n` (answers per request), also under the names `best_of` and `num_return_sequences`. Variable: `GATEWAY_MAX_N`. */
  n?: number;
  /** The largest body in bytes, default 4 MiB. Variable: `GATEWAY_MAX_BODY_BYTES`. */
  bodyBytes?: number;
  /** The most messages of a chat, and items in a response's `input`. Variable: `GATEWAY_MAX_MESSAGES`. */
  messages?: number;
}

/** How long the gateway waits for the model's server, in ms. */
export interface GatewayTimeout {
  /** Until the response headers, for each attempt. Variable: `GATEWAY_TIMEOUT_HEADERS`. */
  headers?: number;
  /** Another name for `headers`. Variable: `GATEWAY_TIMEOUT_CONNECT`. */
  connect?: number;
  /** Between two parts of the answer. A stream that its caller doesn't read for as long, or for 30 s, is given up. Variable: `GATEWAY_TIMEOUT_IDLE`. */
  idle?: number;
  /** For the whole call. Variable: `GATEWAY_TIMEOUT_TOTAL`. */
  total?: number;
}

/** How an embeddings request is split into batches. */
export interface GatewayEmbeddings {
  /** The most inputs per request to the model's server, default 32. Variable: `GATEWAY_EMBEDDINGS_BATCH`. */
  batchSize?: number;
  /** How many of these requests run at the same time, default 4. */
  concurrency?: number;
}

/** The result of {@link gateway}, which a Worker exports by default. */
export interface GatewayHandler {
  /**
   * Answers a request; never rejects. Your own server can call it next to its other routes. It also works without its object: `export const POST = handler.fetch`.
   * @param env the environment. If a host passes something else, or nothing, the process's environment is used.
   * @param ctx an object with `waitUntil`, which is called with the work that goes on after the answer.
   */
  fetch(request: Request, env?: unknown, ctx?: unknown): Promise<Response>;
}

/**
 * Makes a gateway.
 *
 * Wrong settings show at the first request, as a 500 that names the option or variable and never its value.
 * @typeParam Env the type of the environment that the options' functions get.
 * @param options the options, or a function that makes them from the environment; without them, all settings come from the environment.
 *
 * @example
 * ```js
 * import { gateway, LimitObject } from "hfetch/gateway";
 * export { LimitObject };
 * export default gateway();
 * ```
 */
export function gateway<Env = unknown>(options?: GatewayOptions<Env> | ((env: Env) => GatewayOptions<Env>)): GatewayHandler;

/** The content of a ticket. */
export interface Ticket {
  /** The holder's name for limits, log lines and settlements. */
  client: string;
  /** For how many ms from now the ticket is valid. */
  expiresIn: number;
  /** The gateway for which the ticket is valid: its `audience`, or without one its address, such as `https://gateway.example`. A gateway that has one of these accepts no ticket without it. */
  audience?: string;
  /** Limits of this ticket, in addition to those of its client: whole numbers; 0 means no limit. */
  limits?: Limits;
}

/**
 * Signs a ticket, which lets a page call the gateway for a while. The page uses it as `apiKey`, as a function, so that the ticket is renewed.
 * A secret with fewer than 32 characters, or limits that are no numbers, are refused with a `ConfigError` that has a `path`.
 * @param secret the gateway's `ticketSecret`; white space around it is ignored, here and in the gateway.
 * @param ticket the ticket's holder, validity and limits.
 *
 * @example
 * ```js
 * import { issueTicket } from "hfetch/gateway";
 *
 * const ticket = await issueTicket(process.env.GATEWAY_TICKET_SECRET, { client: "alice", expiresIn: 600_000, audience: "https://gateway.example" });
 * ```
 */
export function issueTicket(secret: string, ticket: Ticket): Promise<string>;

/**
 * The Durable Object that counts limits and budgets for all isolates. A Worker exports it and binds it under the name `LIMITS`, as a class with SQLite
 * storage.
 *
 * Granted reservations survive eviction and restart. A reservation that isn't renewed for ten minutes is lost: its place is free again, and the amounts that it held count as
 * spent, unless it is settled after all.
 */
export class LimitObject implements LimitStore {
  constructor(ctx?: unknown, env?: unknown);
  /** Counts one request, `tokens` and `usd` in every part, or says which part refused. */
  reserve(request: {
    parts: { scope: string; pause?: string; tokens: number; usd: number; limits: Limits; budget: Budget | null }[];
    now: number;
  }): Promise<StoreReservation | StoreRefusal>;
  /** Replaces what was reserved with what was used. */
  settle(reservation: string, actual: { tokens: number; usd: number; now: number }): Promise<void>;
  /** Gives a reservation back. */
  release(reservation: string): Promise<void>;
  /** Renews a reservation whose request is still running. */
  renew(reservation: string, word: { now: number }): Promise<void>;
  /** Lets nothing through for this scope before `until`, but at most for 15 minutes, since the caller's clock may be ahead. */
  block(scope: string, until: number): Promise<void>;
  /** Is called by the runtime; gives up reservations that never ended. */
  alarm(): Promise<void>;
}

/** The binding of a Durable Object class in the environment. */
export interface LimitNamespace {
  /** The id of the object with this name. */
  idFromName(name: string): any;
  /** The object with this id. */
  get(id: any): any;
}

/**
 * A `LimitStore` that asks a {@link LimitObject}, for a client in your own Worker: `new HuggingFace({ store: durableStore(env.LIMITS) })`.
 * @param namespace the binding.
 * @param name the name of the object; clients with the same name share their limits. Default `"limits"`, which the gateway uses.
 */
export function durableStore(namespace: LimitNamespace, name?: string): LimitStore;
