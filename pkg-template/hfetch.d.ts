// The platform's own types come from the program that uses this package: lib "dom", @types/node, @cloudflare/workers-types,
// Deno or Bun. Naming them here as empty interfaces adds nothing to them, and makes the types hold on lib "es2022" alone.
declare global {
  interface AbortController {}
  interface AbortSignal {}
  interface Headers {}
  interface ReadableStream<R = any> {}
  // What `using` needs: the same as TypeScript's lib "esnext.disposable", which there is since 5.2.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  interface Disposable {
    /** What `using` calls at the end of its block. */
    [Symbol.dispose](): void;
  }
  interface AsyncDisposable {
    /** What `await using` calls at the end of its block. */
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}

// ---------------------------------------------------------------- client

/**
 * The promise of an answer that also gives what belongs to this one call.
 *
 * Nothing is sent twice for it: awaiting it, `withResponse()` and `settled` all look at the same request.
 */
export interface Pending<T> extends Promise<T> {
  /**
   * The call's one settlement: outcome, usage, cost, key label, attempts. Resolves when the answer has ended
   * (for a stream: when the stream has), and a `store` of yours knows of it or has not answered for ten seconds. Never rejects; for bad arguments an empty one that is not in the ledger.
   */
  readonly settled: Promise<Settlement>;
  /** The answer together with status and headers. Rejects as the promise itself does. */
  withResponse(): Promise<WithResponse<T>>;
}

/** What {@link Pending.withResponse} gives. */
export interface WithResponse<T> {
  /** What the promise itself gives. */
  data: T;
  /** Status and headers. */
  response: ResponseInfo;
  /** {@link ResponseInfo.requestId} in the `openai` package's spelling. */
  request_id: string | null;
}

/** Status line and headers of the response that was used, retries left out. */
export interface ResponseInfo {
  /** HTTP status. */
  readonly status: number;
  /**
   * All response headers that the runtime lets be read. In a browser the router exposes few:
   * `x-request-id` is readable, `retry-after` and `x-inference-provider` are not.
   */
  readonly headers: Headers;
  /** The `x-request-id` header, `null` where there is none. Quote it to Hugging Face's support. */
  readonly requestId: string | null;
}

/**
 * A client for Hugging Face inference: the router, a dedicated endpoint, or a server of your own that speaks the same API.
 *
 * It holds configuration and counters only, so one client at module scope serves overlapping requests, in a Worker too.
 * The key is in no property, message, log line or JSON of it.
 *
 * @example
 * ```ts
 * const hf = new HuggingFace({ apiKey: process.env.HF_TOKEN });
 * const stream = await hf.chat.completions.create({
 *   model: "meta-llama/Llama-3.1-8B-Instruct",
 *   messages: [{ role: "user", content: "Hello" }],
 *   stream: true,
 * });
 * for await (const text of stream.text()) process.stdout.write(text);
 * ```
 */
export class HuggingFace {
  /** @throws {ConfigError} an option is unknown, of the wrong type, or out of range; `path` names it. Nothing is sent. */
  constructor(options?: HuggingFaceOptions);

  /**
   * Builds a client from a COO-LLM config as any YAML or JSON loader gives it: the whole file
   * (`{ llm_providers: [...] }`) or one entry of `llm_providers`. Other top-level keys and entries of another `type` are skipped.
   *
   * `name`, `limits.max_tokens`, `limits.session_limit` and `limits.session_type` are accepted, ignored, and said once on the console.
   *
   * @param config the loaded file or one of its entries, with its snake_case names.
   * @param select `id`: which entry, needed when several are of type `huggingface`; `env`: what `${NAME}` in `api_keys` is looked up in, by default the environment of the process where it may be read.
   * @param options what a file can't hold (`fetch`, `store`, `onSettled`, …); it wins where both speak.
   * @throws {ConfigError} no entry fits, several do, a key is unknown or missing, or a type is wrong; `path` is like `llm_providers[0].limits.req_per_min`.
   */
  static fromConfig(
    config: unknown,
    select?: { id?: string; env?: Record<string, string | undefined> },
    options?: HuggingFaceOptions,
  ): HuggingFace;

  /** {@link APIConnectionError}, reachable from the client as in the `openai` package. */
  static readonly APIConnectionError: typeof APIConnectionError;
  /** {@link APIConnectionTimeoutError}, reachable from the client as in the `openai` package. */
  static readonly APIConnectionTimeoutError: typeof APIConnectionTimeoutError;
  /** {@link APIError}, reachable from the client as in the `openai` package. */
  static readonly APIError: typeof APIError;
  /** {@link APIUserAbortError}, reachable from the client as in the `openai` package. */
  static readonly APIUserAbortError: typeof APIUserAbortError;
  /** {@link AuthenticationError}, reachable from the client as in the `openai` package. */
  static readonly AuthenticationError: typeof AuthenticationError;
  /** {@link BadRequestError}, reachable from the client as in the `openai` package. */
  static readonly BadRequestError: typeof BadRequestError;
  /** {@link BudgetExceededError}, reachable from the client as in the `openai` package. */
  static readonly BudgetExceededError: typeof BudgetExceededError;
  /** {@link ConfigError}, reachable from the client as in the `openai` package. */
  static readonly ConfigError: typeof ConfigError;
  /** {@link ConflictError}, reachable from the client as in the `openai` package. */
  static readonly ConflictError: typeof ConflictError;
  /** {@link HfetchError}, reachable from the client as in the `openai` package. */
  static readonly HfetchError: typeof HfetchError;
  /** {@link InternalServerError}, reachable from the client as in the `openai` package. */
  static readonly InternalServerError: typeof InternalServerError;
  /** {@link LimitExceededError}, reachable from the client as in the `openai` package. */
  static readonly LimitExceededError: typeof LimitExceededError;
  /** {@link ModelLoadingError}, reachable from the client as in the `openai` package. */
  static readonly ModelLoadingError: typeof ModelLoadingError;
  /** {@link NotFoundError}, reachable from the client as in the `openai` package. */
  static readonly NotFoundError: typeof NotFoundError;
  /** {@link PaymentRequiredError}, reachable from the client as in the `openai` package. */
  static readonly PaymentRequiredError: typeof PaymentRequiredError;
  /** {@link PermissionDeniedError}, reachable from the client as in the `openai` package. */
  static readonly PermissionDeniedError: typeof PermissionDeniedError;
  /** {@link RateLimitError}, reachable from the client as in the `openai` package. */
  static readonly RateLimitError: typeof RateLimitError;
  /** {@link StreamError}, reachable from the client as in the `openai` package. */
  static readonly StreamError: typeof StreamError;
  /** {@link StreamTruncatedError}, reachable from the client as in the `openai` package. */
  static readonly StreamTruncatedError: typeof StreamTruncatedError;
  /** {@link StructuredOutputError}, reachable from the client. */
  static readonly StructuredOutputError: typeof StructuredOutputError;
  /** {@link UnprocessableEntityError}, reachable from the client as in the `openai` package. */
  static readonly UnprocessableEntityError: typeof UnprocessableEntityError;

  /** Chat: `chat.completions.create`. */
  readonly chat: {
    /** Chat completions, whole or streamed. */
    readonly completions: {
      /**
       * Sends the messages and gives the answer as it is written.
       *
       * Resolves once the response headers are there, so a refused key or a full limit rejects here and not in the loop.
       * Parameters that are not listed in {@link ChatCompletionCreateParams} are sent as they are; {@link WithExtra} says how the compiler lets them through.
       *
       * @throws {ConfigError} bad arguments, nothing sent.
       * @throws {LimitExceededError} a limit of this client said no; {@link BudgetExceededError} where it was the budget.
       * @throws {APIError} the server's answer, by status; {@link APIConnectionError} where there was none.
       */
      create(body: ChatCompletionCreateParamsStreaming, options?: RequestOptions): Pending<ChatStream>;
      /** Sends the messages and gives the whole answer. Errors are those of the streamed form. */
      create(body: ChatCompletionCreateParamsNonStreaming, options?: RequestOptions): Pending<ChatCompletion>;
      /** For a body whose `stream` is known at run time only. */
      create(body: ChatCompletionCreateParams, options?: RequestOptions): Pending<ChatStream | ChatCompletion>;
      /**
       * An answer that is JSON by a schema, checked: `choices[0].message.parsed`. With `stream: true` a {@link ParsedStream}, which shows the JSON as it comes.
       *
       * How a server is asked: {@link ParseParams.mode}. What comes back in fences or among words is found, and what doesn't fit is asked for
       * again, with what is wrong, {@link ParseParams.repair} times. A call, then, may be several: each is settled by itself, and the promise's `settled` is their sum.
       * An answer that calls tools or refuses has `parsed: null`.
       *
       * @example
       * ```ts
       * const answer = await hf.chat.completions.parse({ messages, response_format: z.object({ city: z.string() }) });
       * answer.choices[0]!.message.parsed?.city;
       * ```
       * @throws {StructuredOutputError} what came doesn't fit, was cut off by `max_tokens`, or filtered.
       * @throws {ConfigError} the validator can't be given as JSON Schema; `hint` says how to give one beside it.
       */
      parse<S extends Schema<any> | OpenAIFormat | null | undefined = undefined>(body: ParseParams<S> & { stream: true }, options?: ParseOptions): Pending<ParsedStream<Parsed<S>>>;
      /** The whole answer. */
      parse<S extends Schema<any> | OpenAIFormat | null | undefined = undefined>(body: ParseParams<S> & { stream?: false | null }, options?: ParseOptions): Pending<ParsedCompletion<Parsed<S>>>;
      /**
       * Asks the model, makes the calls that it wants made, and asks again with their results, until it answers in words. The run begins by itself, in this turn's end.
       *
       * With a `route` that looks at offers only those are asked that take tools.
       *
       * @example
       * ```ts
       * const run = hf.chat.completions.runTools({
       *   messages: [{ role: "user", content: "What is the weather in Ghent?" }],
       *   tools: [{ name: "weather", parameters: z.object({ city: z.string() }), execute: ({ city }) => `${city}: 21 °C` }],
       * });
       * console.log((await run.final()).choices[0]?.message.content);
       * ```
       */
      runTools<const A extends readonly unknown[]>(body: RunToolsParams<{ readonly [K in keyof A]: Tool<A[K]> }>, options?: RunToolsOptions): ToolRun;
      /** For tools in the `openai` package's form as well. */
      runTools(body: RunToolsParams, options?: RunToolsOptions): ToolRun;
      /** A streamed answer as programs for the `openai` package read it, with events. {@link HuggingFace.chat}'s `create` with `stream: true` gives more. */
      stream<S extends Schema<any> | OpenAIFormat | null | undefined = undefined>(body: ParseParams<S> & { stream?: true }, options?: ParseOptions): ChatCompletionStream<Parsed<S>>;
    };
  };

  /** Text completions: `completions.create`, for models that go on from a prompt (DialoGPT, FLAN-T5, Phi-2, Gemma, BLOOM). */
  readonly completions: {
    /**
     * Sends a prompt and gives what the model writes behind it, as it is written. Everything else is as in chat: keys, limits, budget, retries, the
     * settlement (kind `"completion"`).
     *
     * `{baseURL}/completions` is asked: an Inference Endpoint or a server of your own with TGI, vLLM, llama.cpp or transformers. The router has no such
     * route; there `org/name:provider` goes to that provider's own: together, featherless-ai, scaleway, ovhcloud or deepinfra.
     *
     * @throws {ConfigError} bad arguments, or no such provider at the router; nothing sent. Other errors are those of chat.
     */
    create(body: CompletionCreateParamsStreaming, options?: RequestOptions): Pending<CompletionStream>;
    /** Sends a prompt and gives the whole text. Errors are those of the streamed form. */
    create(body: CompletionCreateParamsNonStreaming, options?: RequestOptions): Pending<Completion>;
    /** For a body whose `stream` is known at run time only. */
    create(body: CompletionCreateParams, options?: RequestOptions): Pending<CompletionStream | Completion>;
  };

  /** Embeddings: `embeddings.create`. */
  readonly embeddings: {
    /**
     * Embeds one text or many. Long lists are split into batches (option `embeddings`), sent a few at a time, and put back in order.
     *
     * Without `encoding_format` each embedding is a `Float32Array`, a view into one allocation per batch.
     *
     * @throws {APIError} one failed batch fails the call; the message names the inputs it held.
     */
    create(body: EmbeddingCreateParamsFloat, options?: RequestOptions): Pending<EmbeddingResponse<number[]>>;
    /** Embeddings as base64 of little-endian 32-bit floats. */
    create(body: EmbeddingCreateParamsBase64, options?: RequestOptions): Pending<EmbeddingResponse<string>>;
    /** Embeddings as `Float32Array`. */
    create(body: EmbeddingCreateParams, options?: RequestOptions): Pending<EmbeddingResponse<Float32Array>>;
  };

  /** Reranking: `rerank.create`. */
  readonly rerank: {
    /**
     * Scores how well each document answers a query, and gives the best first. On the router hf-inference does it (`BAAI/bge-reranker-v2-m3`); any other
     * base URL is asked at `/rerank`, as text-embeddings-inference has it. Long lists are split into batches as embeddings are.
     *
     * @throws {APIError} one failed batch fails the call; the message names the documents it held.
     */
    create(body: RerankCreateParams, options?: RequestOptions): Pending<RerankResponse>;
  };

  /** The live catalogue of the base URL. */
  readonly models: {
    /** `GET {baseURL}/models`: every chat model with its providers, prices (USD per 1M tokens), context, latency and throughput. */
    list(options?: RequestOptions): Promise<Model[]>;
    /**
     * The offers of a model by a route (default: the client's), in the order in which a call would ask them; those that it leaves out come
     * behind, with the reason. Reads the catalogue where it isn't at hand (kept for ten minutes), and sends nothing else.
     * @param model `org/name`; with a `:provider` the others are left out.
     * @throws {ConfigError} the catalogue has no such model (`path` "model"), or a field of the route is wrong.
     * @throws {APIConnectionError} the catalogue could not be read.
     */
    offers(model: string, route?: Route): Promise<RouteOffer[]>;
    /**
     * One model of the catalogue.
     * @param id as in the catalogue: `org/name`. With a `:provider` it is a {@link ConfigError}.
     * @throws {NotFoundError} the catalogue has no such model.
     */
    retrieve(id: string, options?: RequestOptions): Promise<Model>;
  };

  /**
   * A `fetch` for other libraries: whoever takes one works with this client's keys, limits, budget, retries, timeouts and ledger.
   *
   * A POST below the client's `baseURL` to `…/chat/completions`, `…/completions` or `…/embeddings` is a call like `create()`. Its body goes out byte for byte as
   * it came, unless it names no model or, under a budget, no maximum, or goes to a server that wants another one (the router's embeddings), or holds more inputs than one request takes.
   * Its answer comes back as the server's own bytes. What else stands beside the request (`dispatcher`, `credentials`, …) reaches the underlying fetch; its headers win over the client's.
   * Anything else below `baseURL` goes to the underlying fetch with a key, `billTo` and the client's own `headers`, and is otherwise as it was; anything elsewhere without them. A call that goes elsewhere is warned of once on the console. Where the client
   * has keys, they replace the caller's `Authorization`; no redirect is followed to where a key must not go (in a page: none at all).
   *
   * A stream that is cut or stalls makes the body fail with {@link StreamTruncatedError} or its like; cancelling the body, or the signal, closes the socket and settles.
   * A refusal by a limit or the budget is a 429 in the shape of OpenAI's errors (`code` `"limit_exceeded"` or `"budget_exceeded"`, `Retry-After` in seconds); what this client
   * has tried in vain is the server's own answer, and a pause that it asked for is a 429. All say `X-Should-Retry: false`. Where there was no answer it rejects with the typed error, by an abort with one named `AbortError`;
   * the `openai` package, which would send again, is told by a 502 or 504. The AI SDK and `@huggingface/inference`, which don't read that header, get an error in place of an answer that they would ask for again.
   * LangChain, which doesn't read it either, gets the status with the typed error's message and the `code` `"ECONNABORTED"`, the one after which it doesn't ask again.
   *
   * @example
   * ```ts
   * const openai = new OpenAI({ baseURL: "https://router.huggingface.co/v1", apiKey: "-", fetch: hf.fetch });
   * ```
   */
  readonly fetch: PlatformFetch;

  /**
   * The same client, with its keys, counters and ledger, and with other defaults for each call, those of {@link HuggingFace.fetch} included.
   * What a call says for itself wins: `timeout`, `retry` and `headers` part by part, the others as a whole; signals add up, either ends the call.
   *
   * @throws {ConfigError} an option is unknown, of the wrong type, or out of range.
   *
   * @example
   * ```ts
   * const alices = hf.withOptions({ metadata: { user: "alice" }, timeout: { total: 60_000 } });
   * ```
   */
  withOptions(options: RequestOptions): HuggingFace;

  /** Limits, keys (labels, never secrets) and spend at this moment. Plain data, safe for JSON. */
  snapshot(): ClientSnapshot;
}
export default HuggingFace;

/** The type of the platform's own `fetch`, where the program that uses this package knows one. */
export type PlatformFetch = typeof globalThis extends Record<"fetch", infer F> ? F : (input: any, init?: any) => Promise<any>;

/** This package's version, as in its package.json. */
export function version(): string;

/** Everything is optional. An unknown option is a {@link ConfigError} that names it; `dangerouslyAllowBrowser` is warned of once: it is not needed. */
export interface HuggingFaceOptions {
  /** This provider's id: prefix of key labels, and of model names written `id:org/name`. Default `"huggingface"`. */
  id?: string | undefined;
  /**
   * One key, or a function asked before each request (for session tickets that expire). One that throws, rejects or gives a failed
   * response is an {@link APIConnectionError}; what is no key (a page, JSON, nothing) is a {@link ConfigError}. The function gets the key
   * of this call that was just answered with 401 as `refused`, so that it need not give that one again. {@link ticketKey} makes such a function.
   * Default: `HF_TOKEN` of the environment where there is one. Without any key the router is a {@link ConfigError};
   * any other base URL is called without Authorization.
   */
  apiKey?: string | ((asked: { refused: string | null }) => string | Promise<string>) | undefined;
  /** A pool of keys: the least loaded ready one is used, a failing one is passed over. Not together with `apiKey`. */
  apiKeys?: string[] | undefined;
  /**
   * Default `"https://router.huggingface.co/v1"`. TGI, TEI, vLLM and Inference Endpoints too; a host without a path gets `/v1`. In a page or a
   * worker of one it may be relative, as `"/v1"`; where there is no page that is a {@link ConfigError}.
   * The retired `api-inference.huggingface.co` is rewritten to the router and said once on the console.
   */
  baseURL?: string | undefined;
  /** Model for bodies that name none: `"org/name"`, `"org/name:provider"`, `"org/name:fastest"`, `"org/name:cheapest"`. */
  model?: string | undefined;
  /** One price for all, prices by model id, or `"live"`: the router's catalogue, cached for 10 minutes. Without it cost is `unknown`. */
  pricing?: Pricing | Record<string, Pricing> | "live" | undefined;
  /** What this client keeps to by itself. Default: no limits. {@link FREE_TIER} is a ready one. */
  limits?: Limits | undefined;
  /** A hard stop in USD. Needs a known price, else every call is a {@link ConfigError}. */
  budget?: Budget | undefined;
  /** How long lists of inputs are sent. */
  embeddings?: {
    /** Inputs in one request, default 32. */
    batchSize?: number;
    /** Requests at once, default 4. */
    concurrency?: number;
  };
  /** When and how long to wait before another try. `false`: one try on one key (but see `stream_options`). */
  retry?: RetryPolicy | false | undefined;
  /** The `openai` package's spelling: tries after the first, `retry.maxAttempts - 1`. */
  maxRetries?: number | undefined;
  /** Who may answer, in what order, and who is asked when one fails. A bad field is a {@link ConfigError} with its path, like `route.sort`. */
  route?: Route | undefined;
  /** Timeouts in ms. A number is `headers`. */
  timeout?: Timeouts | number | undefined;
  /** Longest server-sent event that is accepted, in bytes. Default 16 MiB; a longer one is a {@link StreamError}. */
  maxEventBytes?: number | undefined;
  /**
   * Largest answer that is accepted, in bytes. Default 64 MiB. Of a stream the texts, tool calls and logprobs count that `final()` is put
   * together from, and a larger one is a {@link StreamError}; of any other answer its body counts, and a larger one is an {@link APIConnectionError}.
   */
  maxAnswerBytes?: number | undefined;
  /** Organisation that pays, sent as `X-HF-Bill-To`. */
  billTo?: string | undefined;
  /** Headers for every request. With any, a redirect is followed within its origin only (in a page: not at all). In a browser each one that the server doesn't list in its CORS answer blocks the request. */
  headers?: Record<string, string> | undefined;
  /** Called in place of the global fetch, with `this === undefined`. Where there is neither, a call is a {@link ConfigError}. */
  fetch?: FetchLike | undefined;
  /** Where limits and budget are counted. Default: this client's memory; {@link storageStore} shares them between page loads. */
  store?: LimitStore | undefined;
  /** Called with each settlement. What it throws is reported on the console and goes no further. */
  onSettled?: ((settlement: Settlement) => void) | undefined;
  /** @deprecated Of the `openai` package: it is not needed here, and warned of once. */
  dangerouslyAllowBrowser?: boolean | undefined;
}

/** What `fetch` has to be: the global one, one that goes through a proxy, a service binding's, or a test's. Only these fields of `init` are set. */
export type FetchLike = (
  url: string,
  init: { method: string; headers: Headers; body?: string; signal: AbortSignal; redirect?: "manual" },
) => Promise<ResponseLike>;

/** What is used of a response. Any realm's `Response` fits. */
export interface ResponseLike {
  /** HTTP status. */
  readonly status: number;
  /** Response headers. */
  readonly headers: {
    /** A header's value, `null` where there is none. */
    get(name: string): string | null;
  };
  /** The body as a stream of bytes. */
  readonly body: {
    /** As of a `ReadableStream` of bytes. */
    getReader(): any;
  } | null;
}

/** What one call may set for itself; it wins over the client's options. */
export interface RequestOptions {
  /** Written into the body by mistake it is taken from there, and not sent; of two either ends the call. Ends the call wherever it is: waiting for a limit, between tries, before headers, in the body. The call rejects with {@link APIUserAbortError}, `cause` being the signal's reason. */
  signal?: AbortSignal;
  /** Timeouts in ms. A number is `headers`. */
  timeout?: Timeouts | number;
  /** `false`: one try on one key. */
  retry?: RetryPolicy | false;
  /** Tries after the first. */
  maxRetries?: number;
  /** Replaces the client's as a whole; `{}` is none. */
  route?: Route;
  /** Added to the client's headers. */
  headers?: Record<string, string>;
  /** Comes back in the settlement; is never sent. */
  metadata?: unknown;
  /** Called with this call's settlement, after the client's own. */
  onSettled?: (settlement: Settlement) => void;
}

/** Absent or 0 means no limit. */
export interface Limits {
  /** Chat and embeddings requests per key in any 60 seconds, counted from when each was let through, ended or not. Never exceeded. */
  requestsPerMinute?: number;
  /**
   * Tokens per key in any 60 seconds, prompt and completion together. Those reserved count until the call ends, then those used, for what is
   * left of the 60 seconds. Exceeded at most by what answers took beyond their reservation.
   */
  tokensPerMinute?: number;
  /** Requests per key in a calendar month, UTC. Never exceeded. */
  requestsPerMonth?: number;
  /** Requests at once, per client. */
  maxConcurrent?: number;
  /** `"wait"` (default): first come, first served, abortable. `"error"`: {@link LimitExceededError} at once. */
  onLimit?: "wait" | "error";
  /** Longest wait in ms, default 60 000; past it {@link LimitExceededError}. What can never fit fails at once. */
  maxWait?: number;
}

/** The provider page's free tier: 300 requests a minute, 30 000 a month, per key. */
export const FREE_TIER: Readonly<Limits>;

/**
 * USD per token, in one of two forms.
 *
 * The native form is per one million tokens, the unit of the router's catalogue, and says so in its names: prefer it.
 *
 * The provider page's form keeps that page's formula, tokens × rate / 1000, unless `unit` says otherwise. Without `unit`, a rate whose size makes
 * the unit doubtful (below $0.001 or above $1000 per million tokens) is reported once on the console; with a budget it is a
 * {@link ConfigError}, since that budget would never stop anything.
 */
export type Pricing =
  | {
      /** USD per one million tokens of the prompt. */
      inputPerMillion: number;
      /** USD per one million tokens of the answer. */
      outputPerMillion: number;
    }
  | {
      /** USD per `unit` of the prompt. */
      input_token_cost: number;
      /** USD per `unit` of the answer. */
      output_token_cost: number;
      /** How many tokens a rate is for: one, a thousand (default), a million. */
      unit?: "token" | "1k" | "1m";
    };

/**
 * A hard stop. Windows are UTC calendar windows. Before sending, the price of the estimated prompt and of the whole `max_tokens`, times
 * `n` or `best_of`, is reserved, and what is then too much is refused; what an answer takes beyond that is booked. A body without a maximum is sent with
 * `max_tokens: 4096`, and one that other names ask for without an end (`num_predict: -1`) is refused. Never waits: {@link BudgetExceededError}.
 */
export interface Budget {
  /** What may be spent in one window, in USD. */
  usd: number;
  /** The window; `"total"` never starts anew. */
  per: "hour" | "day" | "month" | "total";
}

/**
 * Retried: 408, 409, 425, 429, 500, 502, 503, 504, 520 to 524, 529, 530, and connections that were refused or lost before the headers; 401, 402 and
 * 403 on another key only. Never: 400, 404, 410, 413, 422 (but see `stream_options`), timeouts (the model may have been at work, and be paid twice), and nothing after the first byte of a stream has reached the caller.
 */
export interface RetryPolicy {
  /** Tries on all keys together, the first included. Default 3. */
  maxAttempts?: number;
  /** Ms before the second try at most, doubled each time, with full jitter; after a 429 that doesn't say how long to wait, a second more. Default 500. */
  baseDelay?: number;
  /**
   * Longest delay in ms, default 30 000. A longer `Retry-After` is not waited for: the error is thrown with its `retryAfter`, and so is it of calls
   * that begin before it is over, for which nothing is sent.
   */
  maxDelay?: number;
  /** Longest `estimated_time` of a loading model that is waited for, in ms. Default 60 000. */
  maxLoadingWait?: number;
}

/**
 * Each ends in an {@link APIConnectionTimeoutError} that names its phase, closes the socket, and is not retried. A runtime's own limits hold as well
 * (300 s in Node's fetch): what they end is such an error too, which names them.
 */
export interface Timeouts {
  /** Ms to the response headers, each try; a key function has as long. Default 300 000 for a stream, 600 000 otherwise: models are loaded, and have queues. */
  headers?: number;
  /** Another name for `headers`; both with different values are a {@link ConfigError}. */
  connect?: number;
  /**
   * Ms between two pieces of the body while a read is pending. Default 300 000 until a stream's first event and in a whole answer, 120 000 after
   * that event: models think in silence. A loop that pauses is not timed, but a stream nobody begins to read within it is closed, and so is a body of `toReadableStream()` that nobody reads on.
   */
  idle?: number;
  /** Ms for everything, waits and retries included. Default: none. */
  total?: number;
}

// ---------------------------------------------------------------- chat

/**
 * A streamed answer: an async iterable of chunks.
 *
 * `break`, `return()`, `throw()`, `using`, an abort and every timeout close the upstream socket, so that nobody pays for what nobody reads.
 * One stream has one reader: the first of iteration, {@link ChatStream.text} and {@link ChatStream.toReadableStream} owns it and
 * another throws. After `break` or `return()` the stream ends quietly; after a signal or `abort(reason)` it rejects with
 * {@link APIUserAbortError}.
 *
 * It ends well only when an answer came: `[DONE]` after at least one choice, or the end of the body with a finish_reason on every
 * choice that appeared.
 *
 * @throws {StreamError} the server said that the answer failed (an error frame, a choice with an `error` or with the finish_reason
 * `"error"`), a frame is broken, or `[DONE]` came without an answer; `partial` is what had arrived before.
 * @throws {StreamTruncatedError} the body ended or the connection was lost before that.
 * @throws {APIConnectionTimeoutError} nothing came for `timeout.idle`, or `timeout.total` was over.
 */
export class ChatStream {
  private constructor();
}
export interface ChatStream extends AsyncIterableIterator<ChatCompletionChunk>, AsyncDisposable, Disposable {
  /** Aborting it is the same as {@link ChatStream.abort}. */
  readonly controller: AbortController;
  /** Of choice 0, `null` until it has arrived. */
  readonly finishReason: FinishReason | null;
  /** The text of choice 0, piece by piece as the network brings it: the cheapest way to read a stream, since no chunk objects are built. A piece is what arrived together, one delta or several; it never ends between the two halves of a surrogate pair. */
  text(): AsyncIterableIterator<string>;
  /** Reads to the end and folds all that came into one completion: what the same server would have sent unstreamed, with every key it sent under its own name and none besides, so that `choices[0].message` can go back to it as it is. May be called before, during or after iteration or `text()`; before, the loop must begin in the same turn, since an awaited `final()` is itself the reader. Beside `toReadableStream()` it resolves when that has been read. */
  final(): Promise<ChatCompletion>;
  /** The stream as a server-sent-events body, the bytes as they were received: ready for `new Response(...)`. Left unread for as long as `timeout.idle` it errors, the call ends as `aborted`, and its socket is closed. (In the `openai` package this gives lines of JSON.) */
  toReadableStream(): ReadableStream<Uint8Array>;
  /** Ends the stream and closes the socket; pending reads reject with {@link APIUserAbortError} whose `cause` is `reason`. */
  abort(reason?: unknown): void;
  /** Exactly one settlement, whatever the end. Never rejects. */
  readonly settled: Promise<Settlement>;
  /** Status and headers, known before the first chunk. */
  readonly response: ResponseInfo;
}

/**
 * A body with further keys, which are sent as they are. For whatever a server takes and is not listed here: a key in an object literal
 * that is neither listed nor allowed by this type is a compile error, since it is a misspelt one as a rule.
 *
 * @example
 * ```ts
 * const body: WithExtra<ChatCompletionCreateParamsStreaming> = { messages, stream: true, a_key_of_my_server: 1 };
 * const stream = await hf.chat.completions.create(body);
 * ```
 */
export type WithExtra<Body> = Body & { [key: string]: unknown };

/** The body of a chat request. Names are the wire's own; those of {@link ServerParams} are taken by some servers only. */
export interface ChatCompletionCreateParams extends ServerParams {
  /** `org/name`, with `:provider`, `:fastest` or `:cheapest` behind it if wanted. Default: the client's `model`. */
  model?: string | null;
  /** The conversation, oldest first; at least one message. */
  messages: readonly ChatMessage[];
  /** Most tokens of the answer. */
  max_tokens?: number | null;
  /** The newer name of `max_tokens`, reasoning included. Fewer servers know it. */
  max_completion_tokens?: number | null;
  /** 0 to 2; lower is more predictable. */
  temperature?: number | null;
  /** Share of probability that tokens are drawn from, above 0 and at most 1. */
  top_p?: number | null;
  /** Texts that end the answer, four at most; always sent as an array. */
  stop?: string | readonly string[] | null;
  /** `true`: the answer is a {@link ChatStream}. */
  stream?: boolean | null;
  /**
   * A stream asks for its usage. `null`, or `include_usage: false` alone: it does not, and no such key is sent. A server that refuses the key
   * (400 or 422 that names it) is asked once more without it, whatever `retry` says, and this client sends it no more.
   */
  stream_options?: {
    /** Default `true`: the usage comes in a last chunk, whose `choices` may be empty. */
    include_usage?: boolean | null;
    /** vLLM: usage in every chunk. */
    continuous_usage_stats?: boolean;
    /** OpenAI: chunks of equal length. */
    include_obfuscation?: boolean;
  } | null;
  /** Functions the model may call. */
  tools?: readonly ChatCompletionTool[] | null;
  /** `"auto"`, `"none"`, `"required"` or one function. */
  tool_choice?: ChatCompletionToolChoiceOption | null;
  /** Whether the model may ask for several calls at once. */
  parallel_tool_calls?: boolean | null;
  /** Text, JSON, or JSON by a schema. Which forms work is the provider's. */
  response_format?: ResponseFormat | null;
  /** -2 to 2. */
  frequency_penalty?: number | null;
  /** -2 to 2. */
  presence_penalty?: number | null;
  /** For answers that can be repeated, where the provider supports it. */
  seed?: number | null;
  /** How many answers. Each is paid. */
  n?: number | null;
  /** Added to the logits of tokens, by token id. */
  logit_bias?: { [token: string]: number } | readonly number[] | null;
  /** Ask for the log probability of each token. */
  logprobs?: boolean | null;
  /** How many alternatives with it, 0 to 5 (some servers: 20). */
  top_logprobs?: number | null;
  /** How long to think before answering; provider-dependent. */
  reasoning_effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" | (string & {}) | null;
  /** An id of your end user, for the provider's abuse detection. */
  user?: string | null;
}

/** Parameters that some servers behind Hugging Face's API take and others ignore or refuse. They are sent as they are. */
export interface ServerParams {
  /** Draw from the so many likeliest tokens. */
  top_k?: number | null;
  /** Least probability of a token, as a share of the likeliest one's. */
  min_p?: number | null;
  /** Locally typical sampling, 0 to 1. */
  typical_p?: number | null;
  /** Above 1: tokens that came before are less likely. */
  repetition_penalty?: number | null;
  /** vLLM: above 1 favours longer beams. */
  length_penalty?: number | null;
  /** Fewest tokens of the answer. */
  min_tokens?: number | null;
  /** Ids of tokens that end the answer. */
  stop_token_ids?: readonly number[] | null;
  /** Whether the text that ended the answer is part of it. */
  include_stop_str_in_output?: boolean | null;
  /** Go on after the end-of-sequence token. */
  ignore_eos?: boolean | null;
  /** Leave special tokens out of the text. Default `true`. */
  skip_special_tokens?: boolean | null;
  /** Put spaces between special tokens. */
  spaces_between_special_tokens?: boolean | null;
  /** Texts that must not come. */
  bad_words?: readonly string[] | null;
  /** The only tokens that may come, by id. */
  allowed_token_ids?: readonly number[] | null;
  /** Log probabilities of so many alternatives for each token of the prompt. */
  prompt_logprobs?: number | null;
  /** Cut the prompt to its last so many tokens. */
  truncate_prompt_tokens?: number | null;
  /** Repeat the last message before the answer. */
  echo?: boolean | null;
  /** Begin an assistant message behind the prompt. Default `true`. */
  add_generation_prompt?: boolean | null;
  /** Go on in the last message instead of beginning a new one. */
  continue_final_message?: boolean | null;
  /** A Jinja template in place of the model's own. */
  chat_template?: string | null;
  /** What the chat template is given, such as `{ enable_thinking: false }`. */
  chat_template_kwargs?: { [name: string]: unknown } | null;
  /** Documents for models that cite them. */
  documents?: readonly object[] | null;
  /** vLLM: the answer is JSON by this schema. */
  guided_json?: object | string | null;
  /** vLLM: the answer matches this regular expression. */
  guided_regex?: string | null;
  /** vLLM: the answer is one of these. */
  guided_choice?: readonly string[] | null;
  /** vLLM: the answer is of this grammar. */
  guided_grammar?: string | null;
  /** vLLM: which library holds the answer to it. */
  guided_decoding_backend?: string | null;
  /** vLLM 0.11 and later, in place of `guided_…`. */
  structured_outputs?: {
    /** JSON by this schema. */
    json?: object | string;
    /** Text that matches this regular expression. */
    regex?: string;
    /** One of these texts. */
    choice?: readonly string[];
    /** Text of this grammar. */
    grammar?: string;
    [name: string]: unknown;
  } | null;
  /** SGLang: the answer matches this regular expression. */
  regex?: string | null;
  /** SGLang: the answer is of this grammar. */
  ebnf?: string | null;
  /** llama.cpp: the answer is of this GBNF grammar. */
  grammar?: string | null;
  /** llama.cpp: the answer is JSON by this schema. */
  json_schema?: object | string | null;
  /** SGLang: reasoning apart from the content. */
  separate_reasoning?: boolean | null;
  /** Whether the answer holds the reasoning. */
  include_reasoning?: boolean | null;
  /** Groq: where the reasoning stands. */
  reasoning_format?: "parsed" | "raw" | "hidden" | (string & {}) | null;
  /** How long to think, as aggregators take it. */
  reasoning?: {
    /** `"low"`, `"high"`, … */
    effort?: string | null;
    /** Most tokens of it. */
    max_tokens?: number | null;
    /** Think, and leave it out of the answer. */
    exclude?: boolean;
    /** Whether to think at all. */
    enabled?: boolean;
    [name: string]: unknown;
  } | null;
  /** Z.ai, DeepSeek and others: whether to think. */
  thinking?: {
    /** Whether. */
    type?: "enabled" | "disabled" | (string & {});
    [name: string]: unknown;
  } | null;
  /** Whether to think, where it is a switch of its own. */
  enable_thinking?: boolean | null;
  /** Most tokens of the reasoning. */
  thinking_budget?: number | null;
  /** TGI: a prompt before the tools. */
  tool_prompt?: string | null;
  /** TGI and others: which LoRA adapter. */
  adapter_id?: string | null;
  /** Scheduling: lower goes first (vLLM). */
  priority?: number | null;
  /** An id of the request, for the server's log. */
  request_id?: string | null;
  /** vLLM: how images and videos are prepared. */
  mm_processor_kwargs?: { [name: string]: unknown } | null;
  /** A conversation, for the server's prompt cache. */
  session_id?: string | null;
  /** Which requests share a prompt cache. */
  prompt_cache_key?: string | null;
  /** How the prompt is cached, on the whole body. */
  cache_control?: CacheControl | null;
  /** Price class. */
  service_tier?: string | null;
  /** Your own notes, kept by the server where it stores answers. Those of the settlement are `metadata` of the request's options. */
  metadata?: { [name: string]: string } | null;
  /** Whether the server keeps the answer. */
  store?: boolean | null;
  /** What comes back: `["text", "audio"]`. */
  modalities?: readonly string[] | null;
  /** Voice and format of spoken answers. */
  audio?: object | null;
  /** What most of the answer will be, for speed. */
  prediction?: object | null;
  /** How wordy the answer is. */
  verbosity?: "low" | "medium" | "high" | (string & {}) | null;
  /** Web search, where the model has it. */
  web_search_options?: object | null;
  /** A hashed id of your end user. */
  safety_identifier?: string | null;
  /** OpenAI: how long a prompt stays cached. */
  prompt_cache_retention?: string | null;
  /** OpenAI: how the prompt is cached. */
  prompt_cache_options?: object | null;
  /** OpenAI: checks of prompt and answer. */
  moderation?: object | null;
  /** Before `tools`: functions the model may call. */
  functions?: readonly object[] | null;
  /** Before `tool_choice`: which of them. */
  function_call?: string | object | null;
}

/** A function the model may call, or a tool whose input is plain text. */
export type ChatCompletionTool = ChatCompletionFunctionTool | ChatCompletionCustomTool;

/** A function the model may call. */
export interface ChatCompletionFunctionTool {
  /** Always `"function"`. */
  type: "function";
  /** What it is. */
  function: FunctionDefinition;
}

/** What the model is told of a function. */
export interface FunctionDefinition {
  /** Letters, digits, `_` and `-`. */
  name: string;
  /** What it does and when to call it: the model chooses by this. */
  description?: string;
  /** A JSON Schema of its arguments. Left out: none. */
  parameters?: object;
  /** Whether the arguments follow the schema exactly, where the provider can see to it. */
  strict?: boolean | null;
}

/** A tool whose input is plain text. Few providers have them. */
export interface ChatCompletionCustomTool {
  /** Always `"custom"`. */
  type: "custom";
  /** What it is. */
  custom: {
    /** Its name in calls. */
    name: string;
    /** What it does. */
    description?: string;
    /** Text, or a grammar. */
    format?: object;
  };
}

/** Which tool the model calls: its choice, none, any, or this one. */
export type ChatCompletionToolChoiceOption =
  | "auto"
  | "none"
  | "required"
  | {
      /** Always `"function"`; TGI needs none. */
      type?: "function";
      /** The function to call. */
      function: {
        /** Its name. */
        name: string;
      };
    }
  | {
      /** Always `"custom"`. */
      type: "custom";
      /** The tool to call. */
      custom: {
        /** Its name. */
        name: string;
      };
    }
  | {
      /** Always `"allowed_tools"`. */
      type: "allowed_tools";
      /** Some of the tools. */
      allowed_tools: {
        /** Its choice, or one of them at least. */
        mode: "auto" | "required";
        /** Which. */
        tools: readonly object[];
      };
    };

/** The form of the answer. */
export type ResponseFormat = ResponseFormatText | ResponseFormatJSONObject | ResponseFormatJSONSchema | ResponseFormatGrammar;

/** Any text. */
export interface ResponseFormatText {
  /** Always `"text"`. */
  type: "text";
}

/** Some JSON object. The messages must ask for JSON as well. */
export interface ResponseFormatJSONObject {
  /** Always `"json_object"`. */
  type: "json_object";
}

/** JSON by a schema. */
export interface ResponseFormatJSONSchema {
  /** Always `"json_schema"`. */
  type: "json_schema";
  /** The schema and its name. */
  json_schema: {
    /** Letters, digits, `_` and `-`. */
    name: string;
    /** What the answer is for. */
    description?: string;
    /** A JSON Schema. */
    schema?: object;
    /** Whether the answer follows the schema exactly, where the provider can see to it. */
    strict?: boolean | null;
  };
}

/** Text-generation-inference's own forms: JSON by a schema, or text by a regular expression. */
export interface ResponseFormatGrammar {
  /** Which of them. */
  type: "json" | "json_object" | "json_schema" | "regex";
  /** The schema or the expression. */
  value: object | string;
}

/** A body that asks for a {@link ChatStream}. */
export interface ChatCompletionCreateParamsStreaming extends ChatCompletionCreateParams {
  /** As it is written. */
  stream: true;
}

/** A body that asks for the whole answer. */
export interface ChatCompletionCreateParamsNonStreaming extends ChatCompletionCreateParams {
  /** At once, when it is done. */
  stream?: false | null;
}

/** One message of a conversation. An answer's message goes back into it as it came. */
export interface ChatMessage {
  /** Who speaks. */
  role: "system" | "developer" | "user" | "assistant" | "tool" | "function";
  /** Text, or a list of parts. */
  content?: string | readonly ChatCompletionContentPart[] | null;
  /** Name of the participant. */
  name?: string;
  /** Calls an assistant message made. */
  tool_calls?: readonly (ToolCall | CustomToolCall)[] | null;
  /** Which call a tool message answers. */
  tool_call_id?: string;
  /** Why an assistant message gave no answer. */
  refusal?: string | null;
  /** What an assistant message thought, for models that want it back. */
  reasoning?: string | null;
  /** The same, as other providers name it. */
  reasoning_content?: string | null;
  /** Reasoning in the form of the server that gave it. */
  reasoning_details?: readonly object[] | null;
  /** An assistant message that the answer goes on with (Mistral, DeepSeek). */
  prefix?: boolean;
  /** A spoken answer of before. */
  audio?: object | null;
  /** Before `tool_calls`. */
  function_call?: object | null;
  /** Where a prompt cache may end. */
  cache_control?: CacheControl;
}

/** One part of a message. Which of them a model understands is the model's. */
export type ChatCompletionContentPart =
  | ChatCompletionContentPartText
  | ChatCompletionContentPartImage
  | ChatCompletionContentPartInputAudio
  | ChatCompletionContentPartAudioURL
  | ChatCompletionContentPartVideo
  | ChatCompletionContentPartFile
  | ChatCompletionContentPartRefusal;

/** Where a prompt cache may end, for servers that are told. */
export interface CacheControl {
  /** `"ephemeral"`. */
  type: "ephemeral" | (string & {});
  /** How long, like `"1h"`. */
  ttl?: string;
}

/** Marks of a part for prompt caches. */
export interface CacheablePart {
  /** As Anthropic's models take it. */
  cache_control?: CacheControl;
  /** As OpenAI's take it. */
  prompt_cache_breakpoint?: object;
}

/** Text. */
export interface ChatCompletionContentPartText extends CacheablePart {
  /** Always `"text"`. */
  type: "text";
  /** The text. */
  text: string;
}

/** An image. Counts 1000 tokens in an estimate, whatever its bytes. */
export interface ChatCompletionContentPartImage extends CacheablePart {
  /** Always `"image_url"`. */
  type: "image_url";
  /** Where it is. */
  image_url: {
    /** An address, or the image itself: `data:image/png;base64,…`. */
    url: string;
    /** How closely to look. */
    detail?: "auto" | "low" | "high" | (string & {});
  };
}

/** Speech or sound, in the body itself. */
export interface ChatCompletionContentPartInputAudio extends CacheablePart {
  /** Always `"input_audio"`. */
  type: "input_audio";
  /** The sound. */
  input_audio: {
    /** Base64. */
    data: string;
    /** Its format. */
    format: "wav" | "mp3" | (string & {});
  };
}

/** Speech or sound by its address (vLLM). */
export interface ChatCompletionContentPartAudioURL extends CacheablePart {
  /** Always `"audio_url"`. */
  type: "audio_url";
  /** Where it is. */
  audio_url: {
    /** An address, or a `data:` URL. */
    url: string;
  };
}

/** A video (vLLM, SGLang, and others). */
export interface ChatCompletionContentPartVideo extends CacheablePart {
  /** Always `"video_url"`. */
  type: "video_url";
  /** Where it is. */
  video_url: {
    /** An address, or a `data:` URL. */
    url: string;
  };
}

/** A file, such as a PDF. */
export interface ChatCompletionContentPartFile extends CacheablePart {
  /** Always `"file"`. */
  type: "file";
  /** The file. */
  file: {
    /** Its bytes in base64, as a `data:` URL as a rule. */
    file_data?: string;
    /** The id of one that the server has. */
    file_id?: string;
    /** Its name. */
    filename?: string;
  };
}

/** Why an assistant message gave no answer. */
export interface ChatCompletionContentPartRefusal {
  /** Always `"refusal"`. */
  type: "refusal";
  /** The reason. */
  refusal: string;
}

/**
 * Why an answer ended. These are the values of the API's description; a provider may send another string.
 * (The types claim what the `openai` package's types claim; the objects are the wire's own, and fields may be missing.)
 */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter" | "function_call";

/** One token with its log probability. */
export interface TokenLogprob {
  /** The token as text. */
  token: string;
  /** Natural logarithm of its probability. */
  logprob: number;
  /** Its UTF-8 bytes, where the text alone can't show them. */
  bytes: number[] | null;
  /** The likeliest tokens at this place. */
  top_logprobs: {
    /** The token as text. */
    token: string;
    /** Natural logarithm of its probability. */
    logprob: number;
    /** Its UTF-8 bytes. */
    bytes: number[] | null;
  }[];
}

/** Log probabilities of an answer, by part. */
export interface Logprobs {
  /** Of the content's tokens. */
  content: TokenLogprob[] | null;
  /** Of the refusal's tokens. */
  refusal: TokenLogprob[] | null;
}

/** A whole answer: the body of the response, not edited; or what {@link ChatStream.final} folded. Keys that are not listed are there as the server sent them. */
export interface ChatCompletion {
  /** The provider's id of the answer, may be `""`. */
  id: string;
  /** Always `"chat.completion"`. */
  object: "chat.completion";
  /** Unix time in seconds. */
  created: number;
  /** The model by the provider's own name, which may differ from the one asked for. */
  model: string;
  /** `n` answers, one by default. */
  choices: {
    /** From 0. */
    index: number;
    /** Why it ended. */
    finish_reason: FinishReason;
    /** `null` or left out by the server unless asked for. */
    logprobs: Logprobs | null;
    /** The answer itself. */
    message: {
      /** Always `"assistant"`. */
      role: "assistant";
      /** Its text; may be `null` beside tool calls. Some servers send a list of parts, which stays one. */
      content: string | null;
      /** Why the model would not answer. Servers that know no refusals leave it out. */
      refusal: string | null;
      /** What the model thought, where the server shows it under this name: {@link reasoningOf} finds it under any. `<think>` inside `content` stays there. */
      reasoning?: string | null;
      /** The same as other servers name it. */
      reasoning_content?: string | null;
      /** The calls it wants made. */
      tool_calls?: ToolCall[];
    };
  }[];
  /** As the server counted. The settlement has an estimate where this is missing. */
  usage?: Usage;
  /** Which build of the model answered. */
  system_fingerprint?: string;
}

/**
 * What a model thought, from a message or a delta, wherever the server put it: `reasoning`, `reasoning_content`, `reasoning_text`, thinking parts
 * of the content, or `reasoning_details`; `null` where there is none.
 */
export function reasoningOf(message: object | null | undefined): string | null;

/**
 * A key function for a page behind a gateway: it fetches a session ticket from `url`, once for parallel calls, and uses it until shortly before it
 * expires (30 s, or a tenth of what was left of it; by the server's clock, where its answer has a `Date`) or until the gateway refuses it. So the limits
 * of a ticket hold for all calls made with it.
 *
 * `url` answers with the ticket as text, or as JSON, `"…"` or `{"ticket": "…"}`. A key of another kind, which doesn't say when it expires, is fetched for each call.
 * An answer that is not a success, or has no ticket in it, as a page to log in has none, ends the call in an {@link APIConnectionError}, whose `cause` says the status and what the server said.
 *
 * @example
 * const hf = new HuggingFace({ baseURL: "https://gateway.example.com/v1", apiKey: ticketKey("/ticket") });
 * @param url absolute, or in a page relative to it.
 * @param init what `fetch` takes beside the address, such as `credentials`, `headers` or `method`; and a `fetch` to use instead of the global one.
 */
export function ticketKey(url: string | { href: string }, init?: { fetch?: (url: string, init: any) => Promise<any>; [option: string]: unknown }): (asked?: { refused?: string | null }) => Promise<string>;

/** One piece of a streamed answer: exactly `JSON.parse` of its event, key order included. */
export interface ChatCompletionChunk {
  /** The provider's id of the answer. */
  id: string;
  /** Always `"chat.completion.chunk"`. */
  object: "chat.completion.chunk";
  /** Unix time in seconds. */
  created: number;
  /** The model by the provider's own name. */
  model: string;
  /** May be empty, as in the chunk that carries the usage. */
  choices: {
    /** From 0. */
    index: number;
    /** `null` until the last piece of this choice. */
    finish_reason: FinishReason | null;
    /** Of the tokens in this piece. */
    logprobs?: Logprobs | null;
    /** What is added. */
    delta: {
      /** In the first piece, or in each. */
      role?: "system" | "developer" | "user" | "assistant" | "tool";
      /** More of the text. */
      content?: string | null;
      /** More of the refusal. */
      refusal?: string | null;
      /** More of the reasoning, as some providers name it. */
      reasoning?: string | null;
      /** More of the reasoning, as other providers name it. */
      reasoning_content?: string | null;
      /** More of the tool calls. */
      tool_calls?: ToolCallDelta[];
    };
  }[];
  /** In the last chunk, or in every one so far counted; never to be added up. */
  usage?: Usage | null;
  /** Which build of the model answers. */
  system_fingerprint?: string;
}

/** What had arrived when a stream failed: a completion whose `finish_reason` may still be `null`. */
export interface PartialCompletion extends Omit<ChatCompletion, "choices"> {
  /** As in {@link ChatCompletion}. */
  choices: (Omit<ChatCompletion["choices"][number], "finish_reason"> & {
    /** `null` where this choice was not over. */
    finish_reason: FinishReason | null;
  })[];
}

/** A call the model wants made. */
export interface ToolCall {
  /** To be given back as `tool_call_id`. */
  id: string;
  /** Always `"function"`. */
  type: "function";
  /** What is to be called. */
  function: {
    /** Its name, as in `tools`. */
    name: string;
    /** Its arguments as JSON text, written by a model: parse with care. */
    arguments: string;
  };
}

/** A call of a tool whose input is plain text. */
export interface CustomToolCall {
  /** To be given back as `tool_call_id`. */
  id: string;
  /** Always `"custom"`. */
  type: "custom";
  /** What is to be called. */
  custom: {
    /** Its name, as in `tools`. */
    name: string;
    /** Its input. */
    input: string;
  };
}

/** A piece of a tool call. */
export interface ToolCallDelta {
  /** Which call of this answer it belongs to. Some providers count from 1 or leave it out. */
  index: number;
  /** In the first piece only, as a rule. */
  id?: string;
  /** Always `"function"`. */
  type?: "function";
  /** What is added. */
  function?: {
    /** In the first piece only, as a rule. */
    name?: string;
    /** The next piece of the JSON text. */
    arguments?: string;
  };
}

/** Tokens as the server counted them. `total_tokens` is the server's own number, not a sum made here. */
export interface Usage {
  /** Tokens sent. */
  prompt_tokens: number;
  /** Tokens of the answer, reasoning included. */
  completion_tokens: number;
  /** Of both. */
  total_tokens: number;
  /** Of the prompt's tokens, where the server says more. */
  prompt_tokens_details?: PromptTokensDetails;
  /** Of the answer's tokens, where the server says more. */
  completion_tokens_details?: CompletionTokensDetails;
  /** Tokens of the prompt that came from a cache, as some servers put it. */
  cached_tokens?: number;
  /** What the call cost in USD, where the server says so. */
  cost?: number;
  /** The same, as other servers name it. */
  estimated_cost?: number;
}

/** What the tokens of a prompt were. */
export interface PromptTokensDetails {
  /** Came from a cache. */
  cached_tokens?: number;
  /** Were written to a cache. */
  cache_write_tokens?: number;
  /** Were text. */
  text_tokens?: number;
  /** Were images. */
  image_tokens?: number;
  /** Were sound. */
  audio_tokens?: number;
}

/** What the tokens of an answer were. */
export interface CompletionTokensDetails {
  /** Were reasoning. */
  reasoning_tokens?: number;
  /** Were text. */
  text_tokens?: number;
  /** Were sound. */
  audio_tokens?: number;
  /** Were foretold by `prediction`, and right. */
  accepted_prediction_tokens?: number;
  /** Were foretold, and wrong; they are paid. */
  rejected_prediction_tokens?: number;
}

// ---------------------------------------------------------------- text completions

/** The body of a text completion. Names are the wire's own; those of {@link ServerParams} are taken by some servers only. */
export interface CompletionCreateParams extends Omit<ServerParams, "echo"> {
  /** `org/name`, at the router with `:provider` behind it. Default: the client's `model`. */
  model?: string | null;
  /** What the model goes on from. Of a list each has its own answer, at its index; a list of numbers is one prompt by its token ids. */
  prompt: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  /** Most tokens of each answer. Servers differ in their default, which may be as few as 16. */
  max_tokens?: number | null;
  /** 0 to 2; lower is more predictable. */
  temperature?: number | null;
  /** Share of probability that tokens are drawn from, above 0 and at most 1. */
  top_p?: number | null;
  /** Texts that end the answer, four at most; always sent as an array. */
  stop?: string | readonly string[] | null;
  /** `true`: the answer is a {@link CompletionStream}. */
  stream?: boolean | null;
  /** As in {@link ChatCompletionCreateParams}. */
  stream_options?: ChatCompletionCreateParams["stream_options"];
  /** What comes behind the answer, for models that fill a gap. */
  suffix?: string | null;
  /** Whether the answer begins with the prompt. */
  echo?: boolean | null;
  /** How many answers to each prompt. Each is paid. */
  n?: number | null;
  /** How many answers are written, of which the best `n` are given. Each is paid. */
  best_of?: number | null;
  /** -2 to 2. */
  frequency_penalty?: number | null;
  /** -2 to 2. */
  presence_penalty?: number | null;
  /** For answers that can be repeated, where the server supports it. */
  seed?: number | null;
  /** Added to the logits of tokens, by token id. */
  logit_bias?: { [token: string]: number } | null;
  /** Ask for the log probabilities of so many alternatives for each token. */
  logprobs?: number | null;
  /** An id of your end user, for the provider's abuse detection. */
  user?: string;
}

/** A body whose answer is streamed. */
export interface CompletionCreateParamsStreaming extends CompletionCreateParams {
  /** The answer is a {@link CompletionStream}. */
  stream: true;
}

/** A body whose answer comes whole. */
export interface CompletionCreateParamsNonStreaming extends CompletionCreateParams {
  /** The answer is a {@link Completion}. */
  stream?: false | null;
}

/** What a model wrote behind a prompt, whole or in a chunk. A whole one is the body of the response, but for the `finish_reason`, or what `final()` of a {@link CompletionStream} folded. */
export interface Completion {
  /** The server's id of the answer, may be `""`. */
  id: string;
  /** Always `"text_completion"`. */
  object: "text_completion";
  /** Unix time in seconds. */
  created: number;
  /** The model by the server's own name. */
  model: string;
  /** `n` answers to each prompt, in the order of the prompts. */
  choices: {
    /** From 0. */
    index: number;
    /** The text; in a chunk what is added to it. */
    text: string;
    /** Why it ended: `"stop"`, also where TGI says `"eos_token"` or `"stop_sequence"`, or `"length"`. `null`, also for `""`: not said. In chunks it is the server's own word. */
    finish_reason: FinishReason | null;
    /** `null` unless asked for. */
    logprobs: {
      /** The tokens. */
      tokens?: string[];
      /** The log probability of each. */
      token_logprobs?: (number | null)[];
      /** Alternatives for each, by token. */
      top_logprobs?: ({ [token: string]: number } | null)[];
      /** Where in the text each begins. */
      text_offset?: number[];
      [name: string]: unknown;
    } | null;
  }[];
  /** As the server counted. The settlement has an estimate where this is missing. */
  usage?: Usage;
  /** Which build of the model answered. */
  system_fingerprint?: string;
}

/** A streamed text completion: a {@link ChatStream} whose chunks have their text in `choices[].text`. */
export type CompletionStream = Omit<ChatStream, "final" | "next" | "return" | "throw" | typeof Symbol.asyncIterator> &
  AsyncIterableIterator<Completion> & {
    /** As in {@link ChatStream.final}: reads to the end and folds all that came into one completion. */
    final(): Promise<Completion>;
  };

// ---------------------------------------------------------------- structured output and tools

/** Any validator of https://standardschema.dev (zod 4.2, arktype 2.1.28, valibot's `toStandardJsonSchema()`), by shape. Its check may be asynchronous. */
export interface StandardSchema<T = unknown> {
  /** What the standard says. */
  readonly "~standard": {
    /** Of the standard. */
    readonly version: 1;
    /** Whose validator it is. */
    readonly vendor: string;
    /** `{ value }` or `{ issues }`, or a promise of one. */
    readonly validate: (value: unknown, ...more: any[]) => unknown;
    /** The JSON Schema of it, where it can give one. */
    readonly jsonSchema?: {
      /** Of what it takes. */
      readonly input: (options: any) => object;
    } | undefined;
    /** Types alone. */
    readonly types?: {
      /** Of what it takes. */
      readonly input?: any;
      /** Of what it gives. */
      readonly output: T;
    } | undefined;
  };
}

/** A validator alone where it can give its JSON Schema; else beside one. Without `validate` the JSON is parsed and not checked. */
export type Schema<T = unknown> = StandardSchema<T> | JSONSchemaWith<T>;

/** A JSON Schema, and what checks an answer by it. */
export interface JSONSchemaWith<T = unknown> {
  /** For the model. Letters, digits, `_` and `-`. Default `"answer"`. */
  name?: string;
  /** The JSON Schema. It is sent as it is. */
  schema: object;
  /** Whether the server is to hold itself to it exactly. Default: whether the schema is one that servers can be strict about: closed objects that need all they name. */
  strict?: boolean;
  /** A validator, or a function that gives the value or throws. */
  validate?: StandardSchema<T> | ((value: unknown) => T);
}

/** What `zodResponseFormat` and its like of the `openai` package give. */
export interface OpenAIFormat {
  /** Of the format. */
  type: "json_schema" | "json_object" | "text";
  /** Name and schema. */
  json_schema?: object;
}

/** Whatever is checked by `V`. */
export interface CheckedBy<V> {
  /** The validator or function. */
  validate: V;
}

/** A format of the `openai` package, as its types tell what comes of it. */
export interface OpenAIFormatOf<T> extends OpenAIFormat {
  /** A type alone. */
  __output: T;
}

/** The type of what a schema lets through. */
export type Parsed<S> = S extends StandardSchema<infer T>
  ? T
  : S extends CheckedBy<StandardSchema<infer T>>
    ? T
    : S extends CheckedBy<(value: any) => infer T>
      ? T
      : S extends OpenAIFormatOf<infer T>
        ? T
        : any;

/** A type each part of which may still be missing. */
export type DeepPartial<T> = T extends (infer Item)[] ? DeepPartial<Item>[] : T extends object ? { [Key in keyof T]?: DeepPartial<T[Key]> } : T;

/** How {@link HuggingFace.chat}'s `parse` asks; in the body or in the options. */
export interface ParseSettings {
  /**
   * The first form that the server is asked in. `"schema"`: `response_format` with the JSON Schema, strict where it can be. `"json"`: `json_object`, and the schema in a system
   * message. `"text"`: the schema in a system message. Default: what this client knows the model to take, `"json"` where the catalogue (if it has been read) says that no offer takes schemas, else `"schema"`.
   * A server that answers 400 or 422 is asked in the next form, once, and the client remembers for the model what was taken. A model at `:hf-inference` is asked in text-generation-inference's form.
   */
  mode?: "schema" | "json" | "text";
  /** How often what doesn't fit is asked for again. Default 1. */
  repair?: number;
}

/** The body of `parse`. */
export interface ParseParams<S = unknown> extends Omit<ChatCompletionCreateParams, "response_format" | "stream">, ParseSettings {
  /** What the answer has to be. Without one nothing is parsed. */
  response_format?: S;
}

/** The options of `parse`. */
export interface ParseOptions extends RequestOptions, ParseSettings {}

/** A completion whose messages have what they say. */
export interface ParsedCompletion<T> extends Omit<ChatCompletion, "choices"> {
  /** As in {@link ChatCompletion}. */
  choices: (Omit<ChatCompletion["choices"][number], "message"> & {
    /** `parsed` is no key of the server's: in the messages of a next call it is left out. */
    message: ChatCompletion["choices"][number]["message"] & {
      /** What the schema let through; `null` where the answer calls tools or refuses. */
      parsed: T | null;
    };
  })[];
}

/** A stream of JSON by a schema. Its own `settled` is that of the streamed call; that of the promise is the sum of all. */
export interface ParsedStream<T> extends Omit<ChatStream, "final"> {
  /** Reads to the end, checks, and asks again for what doesn't fit (not streamed). @throws {StructuredOutputError} as `parse` does. */
  final(): Promise<ParsedCompletion<T>>;
  /** The JSON so far each time that it has grown, not checked: a reader of the stream, as `text()` is one. Texts may end early; numbers and keys are whole. Each value is one of its own as far as it may still grow. */
  partial(): AsyncIterableIterator<DeepPartial<T>>;
}

/** A tool: what the model is told, and what is done. */
export interface Tool<A = any> {
  /** Letters, digits, `_` and `-`. */
  name: string;
  /** What it does and when to call it: the model chooses by this. */
  description?: string;
  /** Of its arguments. Default: none. */
  parameters?: Schema<A>;
  /** Sent to the server as it is. */
  strict?: boolean;
  /** Makes the call. What it gives goes to the model: a text as it is, anything else as JSON, nothing as `null`. */
  execute(args: A, context: ToolContext): unknown;
}

/** What a tool is given beside its arguments. */
export interface ToolContext {
  /** Aborts when the run ends early. */
  signal: AbortSignal;
  /** The call's id. */
  id: string;
  /** The conversation so far, a copy. */
  messages: readonly ChatMessage[];
}

/** The `openai` package's form of a tool: the function is given what `parse` makes of the arguments, or their text. */
export interface OpenAITool {
  /** Always `"function"`. */
  type: "function";
  /** What the model is told, and what is done. */
  function: FunctionDefinition & {
    /** Makes the arguments of their text. */
    parse?: (text: string) => any;
    /** Makes the call. */
    function?: (args: any, ...more: any[]) => unknown;
  };
}

/** How a run goes; in the body or in the options. */
export interface RunToolsSettings {
  /** How often the model is asked at most. Default 10. */
  maxSteps?: number;
  /** `maxSteps` in the `openai` package's spelling. */
  maxChatCompletions?: number;
  /** How many calls of one turn are made at once. Default 4. */
  parallel?: number;
  /**
   * `"answer"` (default): arguments that don't parse or fit, an unknown tool, and what `execute` throws go back to the model as the call's answer, in words.
   * `"throw"`: it ends the run.
   */
  onToolError?: "answer" | "throw";
  /** `tool_choice` of the first step. Where it makes the model call a tool, the following steps are its own choice. */
  toolChoice?: ChatCompletionToolChoiceOption;
}

/** The body of `runTools`. */
export interface RunToolsParams<Tools extends readonly unknown[] = readonly (Tool<any> | OpenAITool)[]> extends Omit<ChatCompletionCreateParams, "tools">, RunToolsSettings {
  /** What the model may call. The types of arguments come from their schemas. */
  tools: Tools;
}

/** The options of `runTools`: those of each of its calls. */
export interface RunToolsOptions extends RequestOptions, RunToolsSettings {}

/** What came of one call. */
export interface ToolResult {
  /** The call's id. */
  id: string;
  /** The tool's name. */
  name: string;
  /** What it was given; missing where that could not be read. */
  args?: any;
  /** What it gave. */
  result?: unknown;
  /** What went wrong, if anything. */
  error?: unknown;
  /** What the model reads of it. */
  content: string;
}

/** What happens in a run, as it happens. */
export type ToolRunEvent = ToolRunChunk | ToolRunMessage | ToolRunCall | ToolRunResult | ToolRunStep;

/** Which turn of the model something belongs to. */
export interface OfToolStep {
  /** From 0. */
  step: number;
}

/** A chunk of a streamed turn. */
export interface ToolRunChunk extends OfToolStep {
  /** `"chunk"`. */
  type: "chunk";
  /** As the server sent it. */
  chunk: ChatCompletionChunk;
}

/** The model's whole message; the tools' are not told in this way. */
export interface ToolRunMessage extends OfToolStep {
  /** `"message"`. */
  type: "message";
  /** As it stands in the conversation. */
  message: ChatCompletion["choices"][number]["message"];
}

/** A call is about to be made. */
export interface ToolRunCall extends OfToolStep {
  /** `"tool-call"`. */
  type: "tool-call";
  /** The call's id. */
  id: string;
  /** The tool's name, as the model wrote it. */
  name: string;
  /** What the tool is given; missing where that could not be read. */
  args?: any;
  /** What the model wrote. */
  arguments: string;
}

/** A call has been made, or could not be. */
export interface ToolRunResult extends OfToolStep, ToolResult {
  /** `"tool-result"`. */
  type: "tool-result";
}

/** A turn of the model is over, and so are its calls. */
export interface ToolRunStep extends OfToolStep, ToolStep {
  /** `"step"`. */
  type: "step";
}

/** One turn of the model, and what came of its calls. */
export interface ToolStep {
  /** What the model answered. */
  completion: ChatCompletion;
  /** In the order of its calls. */
  toolResults: ToolResult[];
}

/**
 * A run of a model and its tools: an async iterable of what happens. It may be read by several, from where they begin; whoever leaves its loop ends the run.
 *
 * It ends when the model answers in words, after `maxSteps`, by an abort ({@link APIUserAbortError}, at once, while tools work as well), or in the typed error of the call it was in, a
 * refusal by budget or limits among them.
 */
export class ToolRun {
  private constructor();
}
export interface ToolRun extends AsyncIterable<ToolRunEvent>, AsyncDisposable, Disposable {
  /** What happens from now on. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ToolRunEvent>;
  /** The text of all steps, piece by piece. */
  text(): AsyncIterableIterator<string>;
  /** The last completion, once the run is over. */
  final(): Promise<ChatCompletion>;
  /** The whole conversation so far. However the run ends, each call in it has its one answer, so that it can be sent again. */
  readonly messages: ChatMessage[];
  /** Its turns so far. */
  readonly steps: readonly ToolStep[];
  /** The sum over its calls, each of which is settled by itself as well. Never rejects. */
  readonly settled: Promise<Settlement>;
  /** Ends the run. */
  abort(reason?: unknown): void;
  /** Resolves when the run is over, and rejects as {@link ToolRun.final} does. */
  done(): Promise<void>;
  /** {@link ToolRun.final} in the `openai` package's spelling. */
  finalChatCompletion(): Promise<ChatCompletion>;
  /** The last message of the model. */
  finalMessage(): Promise<ChatCompletion["choices"][number]["message"]>;
  /** Its text. */
  finalContent(): Promise<string | null>;
  /** Listens to an event by its name in the `openai` package; docs/migrate.md lists those that there are. */
  on(type: string, listener: (...given: any[]) => void): this;
  /** The same, for the first time it happens. */
  once(type: string, listener: (...given: any[]) => void): this;
  /** Takes a listener back. */
  off(type: string, listener: (...given: any[]) => void): this;
}

/** What `chat.completions.stream` gives: one streamed answer, as an iterable of chunks and with the `openai` package's events. Leaving its loop closes the socket. */
export interface ChatCompletionStream<T = any> extends Omit<ToolRun, typeof Symbol.asyncIterator | "final" | "finalChatCompletion" | "finalMessage" | "on" | "once" | "off"> {
  /** Listens to an event by its name in the `openai` package; docs/migrate.md lists those that there are. */
  on(type: string, listener: (...given: any[]) => void): this;
  /** The same, for the first time it happens. */
  once(type: string, listener: (...given: any[]) => void): this;
  /** Takes a listener back. */
  off(type: string, listener: (...given: any[]) => void): this;
  /** Chunk by chunk. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ChatCompletionChunk>;
  /** The whole answer. */
  final(): Promise<ParsedCompletion<T>>;
  /** The same. */
  finalChatCompletion(): Promise<ParsedCompletion<T>>;
  /** Its message. */
  finalMessage(): Promise<ParsedCompletion<T>["choices"][number]["message"]>;
}

// ---------------------------------------------------------------- embeddings

/** The body of an embeddings request. Keys that are not listed are sent as they are; {@link WithExtra} says how the compiler lets them through. */
export interface EmbeddingCreateParams {
  /** `org/name`, or `org/name:provider` for deepinfra, together and scaleway. Default: the client's `model`. */
  model?: string;
  /** One text or many. Token ids only where the route takes them, else a {@link ConfigError}. */
  input: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  /** An id of your end user. */
  user?: string;
  /** Length of the vectors, for models that can shorten them. */
  dimensions?: number;
  /** Absent: `Float32Array`. `"float"`: `number[]`. `"base64"`: little-endian 32-bit floats. */
  encoding_format?: "float" | "base64";
  /** Hugging Face's feature extraction: vectors of length 1. */
  normalize?: boolean | null;
  /** Which of the model's prompts goes before each input, such as `"query"`. */
  prompt_name?: string | null;
  /** Cut inputs that are too long instead of refusing them. */
  truncate?: boolean | string | null;
  /** Which end is cut. */
  truncation_direction?: "left" | "right" | "Left" | "Right" | null;
  /** vLLM: cut to so many tokens. */
  truncate_prompt_tokens?: number | null;
  /** What the inputs are, such as `"query"` or `"passage"`, where the model tells them apart. */
  input_type?: string | null;
}

/** A body that asks for arrays of numbers. */
export interface EmbeddingCreateParamsFloat extends EmbeddingCreateParams {
  /** Each embedding is a `number[]`. */
  encoding_format: "float";
}

/** A body that asks for base64. */
export interface EmbeddingCreateParamsBase64 extends EmbeddingCreateParams {
  /** Each embedding is a string. */
  encoding_format: "base64";
}

/** Embeddings in the order of the inputs, whatever shape the server answered in. */
export interface EmbeddingResponse<E extends Float32Array | number[] | string = Float32Array> {
  /** Always `"list"`. */
  object: "list";
  /** The model that answered, the one asked for where the server doesn't say. */
  model: string;
  /** One entry for each input. */
  data: {
    /** Always `"embedding"`. */
    object: "embedding";
    /** Which input it belongs to, from 0. */
    index: number;
    /** The vector. */
    embedding: E;
  }[];
  /** Sum over all batches. */
  usage: {
    /** Tokens of the inputs. */
    prompt_tokens: number;
    /** The same. */
    total_tokens: number;
    /** `"estimated"` where a server reported none. */
    source: "reported" | "estimated";
  };
}

// ---------------------------------------------------------------- reranking

/** The body of a request for reranking. Keys that are not listed are sent as they are. */
export interface RerankCreateParams {
  /** `org/name`. Default: the client's `model`. */
  model?: string;
  /** What the documents are held against. */
  query: string;
  /** The documents, one at least. */
  documents: readonly string[];
  /** How many of the best are given. Default: all. */
  top_n?: number | null;
  /** Cut documents that are too long instead of refusing them. */
  truncate?: boolean | string | null;
}

/** Documents by how well they answer. */
export interface RerankResponse {
  /** Always `"list"`. */
  object: "list";
  /** The model that answered, the one asked for where the server doesn't say. */
  model: string;
  /** The best first. */
  results: {
    /** Which document, from 0. */
    index: number;
    /** The higher the better, as the server gives it: from 0 to 1 as a rule. */
    relevance_score: number;
  }[];
  /** Sum over all batches. */
  usage: {
    /** Tokens of the query with each document. */
    prompt_tokens: number;
    /** The same. */
    total_tokens: number;
    /** `"estimated"` where a server reported none. */
    source: "reported" | "estimated";
  };
}

// ---------------------------------------------------------------- models

/**
 * Who may answer a call, in what order, and when the next one is asked. A model alone is one candidate; `models` adds others, and behind
 * Hugging Face's router every live offer of the catalogue that fits is one, pinned as `org/name:provider`, so that provider and price are known
 * even where a page can't read headers.
 *
 * The next candidate is asked at once, before the first byte has reached the caller, when one fails by a lost connection, a connect timeout, 402 with
 * no other key, 408, 425, 429, 5xx, or 400 or 404 with the code `model_not_supported` or `model_not_found`. It is asked last for the next 30 s
 * (429: for what `Retry-After` says), and so is one whose answer broke off. One that its server has asked to leave alone is passed over at once as well, and
 * counts as no try. Pauses between tries begin once all candidates have failed.
 *
 * With a {@link HuggingFaceOptions.budget} the dearest candidate is reserved, the one that answered is charged (and one that timed out, for its prompt, by its own price), and one without a known price is not asked.
 * Embeddings know `models` and `sticky`; the numbers of one call are of one model. Base URLs other than the router know these two as well.
 *
 * @example
 * { models: ["org/other"], sort: "cost", has: ["tools"], maxPrice: { outputPerMillion: 2 } }
 */
export interface Route {
  /** Models asked behind the body's own, in this order: `org/name` or `org/name:provider`. At most 32. */
  models?: readonly string[];
  /** Providers asked first, in this order; the others follow. */
  order?: readonly string[];
  /** The only providers that may be asked. */
  only?: readonly string[];
  /** Providers that are not asked. */
  ignore?: readonly string[];
  /** The order of the rest: price (3 parts prompt, 1 part answer), tokens a second, time to the first token. Default: the router's own, the fastest first. */
  sort?: "cost" | "tps" | "ttft";
  /** What the catalogue must say that an offer supports. */
  has?: readonly ("tools" | "structured-output" | "vision")[];
  /** USD for a million tokens; an offer whose price is unknown doesn't fit. */
  maxPrice?: {
    /** Of the prompt. */
    inputPerMillion?: number;
    /** Of the answer. */
    outputPerMillion?: number;
  };
  /** The longest time to the first token, in ms, as the catalogue last measured it. */
  maxFirstTokenMs?: number;
  /** The least tokens a second, as the catalogue last measured them. */
  minThroughput?: number;
  /** The least length of the context, in tokens. */
  minContext?: number;
  /**
   * The name of a conversation: its calls go to the provider that last answered one of them, whose prompt cache is warm, while it is live and fits. Forgotten when
   * that provider fails, and an hour after its last answer; a client remembers 1,000.
   */
  sticky?: string;
}

/** A candidate that failed. */
export interface Tried {
  /** The model as the body or the route named it. */
  model: string;
  /** The provider, where known. */
  provider: string | null;
  /** HTTP status; `null` where there was no response. */
  status: number | null;
  /** The class of its error, like `RateLimitError`. */
  error: string;
  /** Ms from its first request until it had failed. */
  durationMs: number;
}

/** An offer of a model as a route sees it. */
export type RouteOffer = Model["providers"][number] & {
  /** `org/name:provider`, by which it is asked. */
  model: string;
  /** The field of the route that rules it out; `"status"`: it is not live; `"model"`: the model's name pins another provider; `null`: it may be asked. */
  leftOut: string | null;
  /** Whether it has just failed, and is asked behind the others. */
  rests: boolean;
};

/** One model of the live catalogue. */
export interface Model {
  /** `org/name`. */
  id: string;
  /** Unix time in seconds. */
  created?: number;
  /** The organisation. */
  owned_by?: string;
  /** What it reads: `"text"`, `"image"`, … */
  input_modalities?: string[];
  /** Who serves it, and how. A missing price is unknown, not free. */
  providers: {
    /** As written behind the colon of a model name. */
    provider: string;
    /** `"live"`, `"error"` or another word of the catalogue. */
    status: string;
    /** Tokens. */
    contextLength?: number;
    /** What it asks for, where the catalogue says so. */
    pricing?: {
      /** USD per one million tokens of the prompt. */
      inputPerMillion: number;
      /** USD per one million tokens of the answer. */
      outputPerMillion: number;
    };
    /** Whether the catalogue calls it free. */
    isFree?: boolean;
    /** Whether it takes `tools`. */
    supportsTools?: boolean;
    /** Whether it takes a JSON schema in `response_format`. */
    supportsStructuredOutput?: boolean;
    /** Ms to the first token, as the router measured it. */
    firstTokenLatencyMs?: number;
    /** Tokens per second, as the router measured it. */
    throughput?: number;
  }[];
}

/** The provider page's own list, with its groups. Many of them are no longer served by the router: ask `models.list()` for those that are. */
export const MODELS: readonly {
  /** `org/name`. */
  id: string;
  /** The page's heading it stands under. */
  group: "text-generation" | "large" | "instruct";
  /** What it was made for: only conversational ones answer chat requests. */
  task: "conversational" | "text-generation";
  /** The call of the client that it answers: `hf.chat.completions` or `hf.completions`. */
  call: "chat.completions" | "completions";
}[];

// ---------------------------------------------------------------- ledger

/**
 * What one call came to. There is exactly one for each `create()` whose arguments were valid, whatever its end; a call that a
 * limit or budget refused is settled too (outcome `"error"`, 0 attempts, key `""`).
 */
export interface Settlement {
  /** `"ok"`; `"aborted"`: break, abort or signal; `"truncated"`: the stream was cut off; `"error"`: everything else. */
  outcome: "ok" | "aborted" | "truncated" | "error";
  /** Of choice 0, where one arrived. */
  finishReason: FinishReason | null;
  /** The call's own `metadata`. */
  metadata: unknown;
  /** Which call it was; `"responses"` comes from a gateway alone. */
  kind: "chat" | "completion" | "embeddings" | "rerank" | "responses";
  /** As asked for; of a call with {@link Route.models} the one that was asked last. */
  model: string;
  /**
   * The one pinned in the model's name (`org/name:provider`) where the router is asked, or a server whose catalogue lists it; else the
   * `x-inference-provider` header (which browsers can't read), else `null`.
   */
  provider: string | null;
  /** Label of the key that was sent, like `huggingface-1f3a…`; never the secret. */
  key: string;
  /**
   * As the server reported, else estimated from what was sent and delivered. Of an answer whose end was not seen prompt and answer are each
   * the larger of what was reported and the estimate.
   */
  usage: Usage & {
    /** Whether the server counted, or hfetch estimated. */
    source: "reported" | "estimated";
    /** A count of the server's that can't be right (no number, below 0, more or less than the answer can have had), in place of which all are estimated. */
    doubt?: "prompt_tokens" | "completion_tokens" | "total_tokens";
  };
  /** Usage × price. */
  cost: Cost;
  /** Requests sent for it, retries included. */
  attempts: number;
  /** Of a call with a {@link Route}: the candidates that failed before the one that answered, oldest first; else empty. */
  tried: Tried[];
  /** The `x-request-id` of the last response. */
  requestId: string | null;
  /** Ms since the epoch. */
  startedAt: number;
  /** Ms from the start to the first token; `null` where none came. */
  firstTokenMs: number | null;
  /** Ms from the start to the end, waits and retries included. */
  durationMs: number;
}

/** Money in USD. `null` means that the price is unknown; it is never given as 0. */
export interface Cost {
  /** Both together. */
  usd: number | null;
  /** For the prompt. */
  inputUsd: number | null;
  /** For the answer. */
  outputUsd: number | null;
  /**
   * `"reported"`: the server said what it cost (`usage.cost`, `usage.estimated_cost`), which wins over any price; then the parts are `null`.
   * Else tokens that came from a cache count at the full price, since the catalogue has no other: the sum is the most that it can be. `"configured"`: from `pricing`. `"live"`: the catalogue's price of the provider used. `"live-max"`: provider unknown, so its dearest live offer.
   */
  source: "reported" | "configured" | "live" | "live-max" | "unknown";
}

/** What `HuggingFace.snapshot()` gives. */
export interface ClientSnapshot {
  /** Each key by its label. */
  keys: {
    /** The label, as in settlements. */
    key: string;
    /** Chat and embeddings requests sent with it. */
    requests: number;
    /** Tokens booked on it. */
    tokens: number;
    /** Requests within the last 60 seconds. */
    requestsLastMinute: number;
    /** Tokens within the last 60 seconds, reserved ones included. */
    tokensLastMinute: number;
    /** Requests in this calendar month, UTC. */
    requestsThisMonth: number;
    /** `"limited"`: by a limit of this client; `"cooling"`: after a refusal of the server; `"disabled"`: the server said it is not valid, and it is set aside for ten minutes. */
    state: "ready" | "limited" | "cooling" | "disabled";
    /** When it is ready again, ms since the epoch; `null`: now, or never. The last key is still tried before. */
    readyAt: number | null;
  }[];
  /** Sums over all settlements. */
  spend: {
    /** USD, as far as prices are known. */
    usd: number;
    /** Settlements whose cost is unknown. */
    unpriced: number;
    /** Settlements. */
    requests: number;
    /** Tokens sent. */
    promptTokens: number;
    /** Tokens of answers. */
    completionTokens: number;
  };
  /** Calls that are under way. */
  inFlight: number;
  /** Calls that wait for a limit. */
  queued: number;
}

/**
 * Where limits and budgets are counted. Reserve before a request, settle after it: one call each.
 *
 * A part is one thing that has limits, named by its scope (`"key:<label>"`, a user of a gateway, a budget); a reservation takes all
 * parts or none. When the store throws, the request fails: limits that can't be read are not ignored.
 */
export interface LimitStore {
  /**
   * Takes one request, `tokens` and `usd` in every part, or says which part refused and for how long (ms). `now` is ms since the epoch by the
   * caller's wall clock: where several hosts share the store, trust its own clock more. A part's `pause` names a further scope, a key's for one
   * model: nothing is counted in it, and while it is blocked the part refuses with `"blocked"`. From its `lasts` on, ms since the epoch, nobody
   * comes for the scope any more, a ticket's: it may be forgotten then, whatever it has counted.
   */
  reserve(request: {
    parts: { scope: string; pause?: string; lasts?: number; tokens: number; usd: number; limits: Limits; budget: Budget | null }[];
    now: number;
  }): Promise<StoreReservation | StoreRefusal>;
  /** Puts what was used in place of what was reserved. */
  settle(reservation: string, actual: { tokens: number; usd: number; now: number }): Promise<void>;
  /** Gives a reservation back: nothing was sent. */
  release(reservation: string): Promise<void>;
  /**
   * Its request is under way still: told every two minutes, so that a store that gives up what it hears nothing of (in ten minutes, say) keeps it.
   * What is given up may have been spent: count it as if it was, and put what was used in its place if it is settled after all.
   */
  renew?(reservation: string, word: { now: number }): Promise<void>;
  /**
   * Lets nothing through for this scope, or parts with this pause, before `until`, ms since the epoch: a server asked for that. 15 minutes
   * from now at most, beyond which a clock was wrong.
   */
  block(scope: string, until: number): Promise<void>;
}

/** A store took the request. */
export interface StoreReservation {
  /** It may be sent. */
  ok: true;
  /** To be named when it is settled or released. */
  reservation: string;
  /** What is left of the parts' limits, where the store tells. */
  quotas?: StoreQuota[];
}

/** What is left of one limit of a part. */
export interface StoreQuota {
  /** The part. */
  scope: string;
  /** Which of its limits. */
  reason: "requests" | "tokens" | "month";
  /** How much it allows in its window. */
  limit: number;
  /** How much of that is left. */
  remaining: number;
  /** Ms until more is left than now. */
  reset: number;
}

/** A store said no. Nothing was taken from any part. */
export interface StoreRefusal {
  /** It may not be sent. */
  ok: false;
  /** The part that refused. */
  scope: string;
  /**
   * Ms until it fits, nothing else being reserved meanwhile; `Infinity`: never. With `"tokens"` and `"concurrent"`, where a call under way has to end
   * first, the least of that: 0 when nothing else is in the way.
   */
  retryAfter: number;
  /** Which of that part's limits; `"blocked"`: a server's answer closed it for a while. */
  reason: "requests" | "tokens" | "month" | "budget" | "concurrent" | "blocked";
  /** What is left of the parts' limits, where the store tells. */
  quotas?: StoreQuota[];
}

/**
 * A {@link LimitStore} in `localStorage` or `sessionStorage`: limits and budget survive page loads and hold across tabs of one origin.
 * @param storage the storage.
 * @param name its entry, default `"hfetch"`.
 */
export function storageStore(
  storage: { getItem(key: string): string | null; setItem(key: string, value: string): void; removeItem(key: string): void },
  name?: string,
): LimitStore;

// ---------------------------------------------------------------- pure logic, callable without a client or a network

/**
 * Tokens by length, with weights for each script; at least 1 for any text but `""`. For messages, roles and separators count too;
 * an image or something to hear counts 1000 and a video 5000, whatever its bytes; a file its text where that can be read, else 1000.
 * @throws {ConfigError} neither a string nor messages.
 */
export function estimateTokens(input: string | readonly ChatMessage[]): number;

/** Price of a usage in USD. @throws {ConfigError} a count or a rate is not a number from 0. */
export function cost(usage: { prompt_tokens?: number; completion_tokens?: number }, pricing: Pricing): Cost;

/**
 * How long to wait before the next try, in ms, or `null`: give up.
 *
 * After a 429 that names no wait it is a second at least, though never more than `maxDelay`. Reads `Retry-After` (seconds or date), `Retry-After-Ms`, `RateLimit`, `x-ratelimit-*` and `X-Should-Retry: false` of `headers`, and `estimated_time` of a 503 body.
 * @param failure `attempt`: the try that failed, from 1. No `status`: the connection was lost. `random`: 0 to below 1, default `Math.random()`. `now`: ms since the epoch, default `Date.now()`.
 */
export function retryDelay(
  failure: { status?: number; headers?: Headers | Record<string, string>; body?: unknown; attempt: number; random?: number; now?: number },
  policy?: RetryPolicy,
): number | null;

/** A {@link RateLimiter} took the request. */
export interface Reservation {
  /** It may be sent. */
  ok: true;
  /** To be named when it is settled or released. */
  reservation: number;
}

/** A {@link RateLimiter} said no. */
export interface Refusal {
  /** It may not be sent. */
  ok: false;
  /**
   * Ms until it fits, nothing else being reserved meanwhile; `Infinity`: never. With `"tokens"` and `"concurrent"`, where a call under way has to end
   * first, the least of that: 0 when nothing else is in the way.
   */
  retryAfter: number;
  /** Which limit. */
  reason: "requests" | "tokens" | "month" | "concurrent";
}

/**
 * The limiter itself: no clock, no timers. `now` is ms since the epoch, and all it knows of time: forward it is taken at its word; where it goes back, no
 * time has passed, and by more than a minute it is followed from there. So a clock that is set ahead, by hours or years, frees what a minute holds
 * once, and one that is set back locks for no longer than a minute. Months follow the calendar both ways, and a month that the clock comes back to is as full as before.
 */
export class RateLimiter {
  /** @throws {ConfigError} a limit is not a number from 0. */
  constructor(limits: Limits);
  /**
   * Takes one request for the 60 seconds from now on, and `tokens` until settle or release; those used then count for what is left of the 60 seconds.
   * @returns a reservation, or how long to wait.
   */
  reserve(tokens: number, now: number): Reservation | Refusal;
  /** Puts the tokens really used in place of those reserved. */
  settle(reservation: number, actualTokens: number, now: number): void;
  /** Gives a reservation back: nothing was sent. */
  release(reservation: number): void;
  /** Its whole state as plain data, open reservations included. */
  toJSON(): unknown;
  /** The limiter that `toJSON` described. @throws {ConfigError} the state is none of its own. */
  static fromJSON(state: unknown, limits: Limits): RateLimiter;
}

/** One server-sent event. */
export interface SseEvent {
  /** Its name, `"message"` where none is given. */
  event: string;
  /** Its data, lines joined by a line feed. */
  data: string;
  /** The last id that the stream has named, `""` before the first. */
  id: string;
}

/** WHATWG event-stream parsing over bytes, in any chunking. */
export class SseDecoder {
  /** `maxEventBytes`: default 16 MiB. */
  constructor(options?: { maxEventBytes?: number });
  /**
   * The events that these bytes complete; an event without data is not dispatched.
   * @throws {StreamError} an event is longer than `maxEventBytes`.
   * @throws {ConfigError} these are no bytes, or they come after `end()`.
   */
  push(bytes: Uint8Array): SseEvent[];
  /** End of input. By the standard, an event without its blank line is dropped. (A {@link ChatStream} takes it.) */
  end(): void;
}

// ---------------------------------------------------------------- errors

/**
 * Base of all errors thrown here. No message or property of any holds a key (of 8 characters or more: a placeholder such as `"none"` is none).
 * The stack begins where the call was made.
 *
 * One of this very class whose `cause` is a `WebAssembly.RuntimeError` is an internal fault (or memory that could not grow): it ended the
 * call it hit, which is settled as `"error"`; other calls go on.
 */
export class HfetchError extends Error {
  /** The class name. */
  readonly name: string;
  /** What to do next, in words for the developer, where that is known; `message` says what happened. */
  readonly hint: string | null;
  /** Of a call with a {@link Route}: the candidates that failed, oldest first, where any did. */
  readonly tried?: readonly Tried[];
}

/** Bad options, config or arguments. No chat or embeddings request was sent; settled only where a live price turned out to be unknown. */
export class ConfigError extends HfetchError {
  /** The field at fault, like `limits.requestsPerMinute`. */
  readonly path: string | null;
}

/**
 * The request failed. Itself: any status without a class of its own, and a 200 whose body is not what was asked for or says that it failed.
 * Names and fields are those of the `openai` package, and some more.
 */
export class APIError extends HfetchError {
  /** HTTP status; `undefined` where there was no response. */
  readonly status: number | undefined;
  /** Response headers; `undefined` where there was no response. */
  readonly headers: Headers | undefined;
  /** The `x-request-id` header. */
  readonly requestId: string | null;
  /** `error.code` of the body, like `model_not_supported`. */
  readonly code: string | null;
  /** `error.type` (or `error_type`) of the body. */
  readonly type: string | null;
  /** `error.param` of the body. */
  readonly param: string | null;
  /** {@link APIError.requestId} in the `openai` package's spelling. */
  readonly requestID: string | null;
  /** `error` of the body where it has one, else the body. */
  readonly error: unknown;
  /** The whole body, parsed where it is JSON, keys redacted. */
  readonly body: unknown;
  /** What there is of an answer that failed: of a whole answer that says so, and in the classes below that have it. */
  readonly partial?: PartialCompletion | null;
  /** Whether the same request may succeed later. (Not `retryable`: workerd drops the connection of an uncaught error with that name.) */
  readonly isRetryable: boolean;
  /** Ms after which the server said a retry makes sense. */
  readonly retryAfter: number | null;
  /** Requests sent for this call; 0: none, for the server had asked for a pause before. */
  readonly attempts: number;
}
/** 400: a parameter is wrong, or no provider serves the model. */
export class BadRequestError extends APIError {}
/** 401: the key is missing or not valid. */
export class AuthenticationError extends APIError {}
/** 402: the account's credits are used up. Never retried on the same key. */
export class PaymentRequiredError extends APIError {}
/** 403: the key lacks a permission, or the model is gated. */
export class PermissionDeniedError extends APIError {}
/** 404 and 410: no such model or route. */
export class NotFoundError extends APIError {}
/** 409 */
export class ConflictError extends APIError {}
/** 413 and 422: too long, or not accepted by the model's server. */
export class UnprocessableEntityError extends APIError {}
/**
 * 429: too many requests. Also of a call that begins while a pause lasts for which a server has asked (by 429, 503, or a spent `RateLimit` header),
 * and that is longer than `retry.maxDelay`, or while retry is off: nothing is sent then, and `retryAfter` is what is left of it.
 */
export class RateLimitError extends APIError {}
/** 503 that says the model is loading. */
export class ModelLoadingError extends APIError {
  /** Ms until it is ready, by the server's own estimate. */
  readonly estimatedTime: number | null;
}
/** Any other 5xx. */
export class InternalServerError extends APIError {}
/** There was no response, none that could be read, or no key because the function for it failed. `cause` is what was thrown. */
export class APIConnectionError extends APIError {}
/** A timeout was over: this client's, or the runtime's own, which the message names. */
export class APIConnectionTimeoutError extends APIConnectionError {
  /** Which one; `"connect"` is the wait for the response's headers, `timeout.headers`. */
  readonly phase: "connect" | "idle" | "total";
  /** What a stream had delivered. */
  readonly partial: PartialCompletion | null;
}
/** The caller ended it. `cause` is the signal's reason, or the one given to `abort()`. */
export class APIUserAbortError extends APIError {
  /** What a stream had delivered. */
  readonly partial: PartialCompletion | null;
}
/** In a stream: an error in the server's words, a broken frame, or `[DONE]` without an answer. */
export class StreamError extends APIError {
  /** What had been delivered before it. */
  readonly partial: PartialCompletion | null;
}
/** A stream ended or its connection was lost with neither `[DONE]` nor a finish_reason for each choice. */
export class StreamTruncatedError extends StreamError {}
/** A limit of this client, set by its options or its store, said no; nothing was sent. */
export class LimitExceededError extends HfetchError {
  /** Ms until it fits, nothing else being sent meanwhile; `Infinity`: never; with `"tokens"` and `"concurrent"` 0 when only calls under way are in the way. */
  readonly retryAfter: number;
  /** `"requests"`, `"tokens"`, `"month"`, `"concurrent"`, `"budget"`, `"blocked"`: a store of yours has a reason of its own, or `"store"`: it gave no answer. */
  readonly reason: string;
  /** Whose limit: a key's (`"key:<label>"`), the client's (`"client:<id>"`), the budget's (`"budget:<id>"`); `null` where none of them said so. */
  readonly scope: string | null;
}
/** An answer is not the JSON that was asked for, was cut off before it was whole, or a tool's arguments can't be used. */
export class StructuredOutputError extends HfetchError {
  /** What is wrong with it, and where. */
  readonly issues: readonly {
    /** In the validator's words. */
    message: string;
    /** Names and places from the outside in. */
    path: readonly (string | number)[];
  }[];
  /** What came, as it came. */
  readonly text: string;
  /** The JSON of it as far as it goes, not checked; `null` where there is none. */
  readonly partial: unknown;
  /** `"length"` or `"content_filter"`: the answer was cut off. */
  readonly finishReason: FinishReason | null;
}
/** The budget said no; nothing was sent. */
export class BudgetExceededError extends LimitExceededError {
  /** USD spent and reserved in this window. */
  readonly spentUsd: number;
  /** USD allowed in one window. */
  readonly budgetUsd: number;
}

/**
 * What `hfetch/gateway` imports of the client. It is no part of the contract: it changes without notice.
 * @internal
 */
export const internals: unknown;
/**
 * The same for `hfetch/ai-sdk`.
 * @internal
 */
export const sdkInternals: unknown;
