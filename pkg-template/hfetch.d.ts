// The platform's own types come from the program that uses this package: lib "dom", @types/node, @cloudflare/workers-types, Deno or Bun. The empty interfaces here add
// nothing to them; with these, the types also compile with lib "es2022" alone.
declare global {
  interface AbortController {}
  interface AbortSignal {}
  interface Headers {}
  interface ReadableStream<R = any> {}
  // The types that `using` needs, as in lib "esnext.disposable" of TypeScript 5.2 and later.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  interface Disposable {
    /** Is called by `using` at the end of its block. */
    [Symbol.dispose](): void;
  }
  interface AsyncDisposable {
    /** Is called by `await using` at the end of its block. */
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}

// ---------------------------------------------------------------- client

/**
 * The promise of an answer, with two further results of the same call.
 *
 * Nothing is sent twice: awaiting the promise, `withResponse()` and `settled` all belong to the same request.
 */
export interface Pending<T> extends Promise<T> {
  /**
   * The call's settlement: outcome, usage, cost, key label, attempts. Resolves when the answer has ended (for a stream: when the stream has) and your `store`, if you
   * gave one, has recorded it; a store that doesn't answer is given ten seconds. Never rejects. For bad arguments the settlement is empty and doesn't count in the
   * ledger.
   */
  readonly settled: Promise<Settlement>;
  /** The answer together with the response's status and headers. Rejects with the same error as the promise itself. */
  withResponse(): Promise<WithResponse<T>>;
}

/** The result of {@link Pending.withResponse}. */
export interface WithResponse<T> {
  /** The answer itself. */
  data: T;
  /** The response's status and headers. */
  response: ResponseInfo;
  /** {@link ResponseInfo.requestId} in the `openai` package's spelling. */
  request_id: string | null;
}

/** Status and headers of the response that brought the answer; responses that led to a retry are left out. */
export interface ResponseInfo {
  /** HTTP status. */
  readonly status: number;
  /**
   * All response headers that the runtime makes readable. In a browser the router exposes only a few: `x-request-id` is readable, `retry-after` and
   * `x-inference-provider` are not.
   */
  readonly headers: Headers;
  /** The `x-request-id` header, `null` where there is none. Quote it to Hugging Face's support. */
  readonly requestId: string | null;
}

/**
 * A client for Hugging Face inference: the router, a dedicated endpoint, or a server of your own that speaks the same API.
 *
 * A client holds only configuration and counters, so one client at module scope serves overlapping requests, in a Worker too. No property, message, log line or JSON of
 * it contains the key.
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
  /** @throws {ConfigError} if an option is unknown, of the wrong type, or out of range; `path` names it. Nothing is sent. */
  constructor(options?: HuggingFaceOptions);

  /**
   * Makes a client from a COO-LLM config, as any YAML or JSON loader returns it: the whole file (`{ llm_providers: [...] }`) or one entry of `llm_providers`. Other
   * top-level keys and entries of another `type` are skipped.
   *
   * `name`, `limits.max_tokens`, `limits.session_limit` and `limits.session_type` are accepted and have no effect; the console says so once.
   *
   * @param config the loaded file or one of its entries, with its snake_case names.
   * @param select `id`: the entry to use, needed if several have the type `huggingface`; `env`: the variables for `${NAME}` in `api_keys`, by default the process's environment where it may be read.
   * @param options what a file can't hold (`fetch`, `store`, `onSettled`, …); an option wins over the file.
   * @throws {ConfigError} if no entry fits, several fit, a key is unknown or missing, or a type is wrong; `path` is like `llm_providers[0].limits.req_per_min`.
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
       * Sends the messages and returns the answer as a stream.
       *
       * Resolves once the response headers have arrived, so that a refused key or a full limit rejects here and not in the loop. Parameters that are not listed in
       * {@link ChatCompletionCreateParams} are sent unchanged; with {@link WithExtra} they compile.
       *
       * @throws {ConfigError} for bad arguments; nothing was sent.
       * @throws {LimitExceededError} if a limit of this client refused the call; {@link BudgetExceededError} if the budget did.
       * @throws {APIError} if the server answered with an error, by its status; {@link APIConnectionError} if there was no answer.
       */
      create(body: ChatCompletionCreateParamsStreaming, options?: RequestOptions): Pending<ChatStream>;
      /** Sends the messages and returns the whole answer. The errors are those of the streamed form. */
      create(body: ChatCompletionCreateParamsNonStreaming, options?: RequestOptions): Pending<ChatCompletion>;
      /** For a body whose `stream` is known only at run time. */
      create(body: ChatCompletionCreateParams, options?: RequestOptions): Pending<ChatStream | ChatCompletion>;
      /**
       * An answer that is JSON and was checked against a schema: `choices[0].message.parsed`. With `stream: true` the result is a {@link ParsedStream}, which shows the JSON while it arrives.
       *
       * {@link ParseParams.mode} says how a server is asked for JSON. The JSON is also found in code fences and between other words. If it doesn't fit the schema, the model is
       * told what is wrong and asked again, {@link ParseParams.repair} times. So one call may become several: each is settled by itself, and the promise's `settled` is their sum.
       * For an answer that calls tools or refuses, `parsed` is `null`.
       *
       * @example
       * ```ts
       * const answer = await hf.chat.completions.parse({ messages, response_format: z.object({ city: z.string() }) });
       * answer.choices[0]!.message.parsed?.city;
       * ```
       * @throws {StructuredOutputError} if the answer doesn't fit the schema, was cut off by `max_tokens`, or was filtered.
       * @throws {ConfigError} if the validator can't produce a JSON Schema; `hint` says how to give one in addition.
       */
      parse<S extends Schema<any> | OpenAIFormat | null | undefined = undefined>(body: ParseParams<S> & { stream: true }, options?: ParseOptions): Pending<ParsedStream<Parsed<S>>>;
      /** Returns the whole answer, parsed. */
      parse<S extends Schema<any> | OpenAIFormat | null | undefined = undefined>(body: ParseParams<S> & { stream?: false | null }, options?: ParseOptions): Pending<ParsedCompletion<Parsed<S>>>;
      /**
       * Asks the model, runs the tools that it calls, and asks again with their results, until it answers in words. The run begins by itself at the end of the current turn of the event loop.
       *
       * With a `route` that uses the catalogue's offers, only offers that support tools are asked.
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
      /** Also takes tools in the `openai` package's form. */
      runTools(body: RunToolsParams, options?: RunToolsOptions): ToolRun;
      /** A streamed answer with the events of the `openai` package, for programs that were written for it. {@link HuggingFace.chat}'s `create` with `stream: true` can do more. */
      stream<S extends Schema<any> | OpenAIFormat | null | undefined = undefined>(body: ParseParams<S> & { stream?: true }, options?: ParseOptions): ChatCompletionStream<Parsed<S>>;
    };
  };

  /** Text completions: `completions.create`, for models that continue a prompt (DialoGPT, FLAN-T5, Phi-2, Gemma, BLOOM). */
  readonly completions: {
    /**
     * Sends a prompt and returns the model's continuation as a stream. Keys, limits, budget, retries and the settlement (kind `"completion"`) work as in
     * chat.
     *
     * The request goes to `{baseURL}/completions`: to an Inference Endpoint, or to your own server with TGI, vLLM, llama.cpp or transformers. The router has no such
     * path; there a model `org/name:provider` is asked at the provider's own path (together, featherless-ai, scaleway, ovhcloud or deepinfra).
     *
     * @throws {ConfigError} for bad arguments, or if the router has no such provider; nothing was sent. Other errors are those of chat.
     */
    create(body: CompletionCreateParamsStreaming, options?: RequestOptions): Pending<CompletionStream>;
    /** Sends a prompt and returns the whole text. The errors are those of the streamed form. */
    create(body: CompletionCreateParamsNonStreaming, options?: RequestOptions): Pending<Completion>;
    /** For a body whose `stream` is known only at run time. */
    create(body: CompletionCreateParams, options?: RequestOptions): Pending<CompletionStream | Completion>;
  };

  /** Embeddings: `embeddings.create`. */
  readonly embeddings: {
    /**
     * Embeds one text or many. A long list is split into batches (option `embeddings`), which are sent a few at a time; the result has the order of the inputs.
     *
     * Without `encoding_format` each embedding is a `Float32Array`, a view into one allocation per batch.
     *
     * @throws {APIError} if one batch fails; the message names its inputs.
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
     * Scores how well each document answers a query, and returns the best first. At the router the provider hf-inference does it (`BAAI/bge-reranker-v2-m3`); any other
     * server is asked at `/rerank`, the path of text-embeddings-inference. A long list is split into batches, as for embeddings.
     *
     * @throws {APIError} if one batch fails; the message names its documents.
     */
    create(body: RerankCreateParams, options?: RequestOptions): Pending<RerankResponse>;
  };

  /** The live catalogue of the base URL. */
  readonly models: {
    /** `GET {baseURL}/models`: every chat model with its providers, prices (USD per 1M tokens), context, latency and throughput. */
    list(options?: RequestOptions): Promise<Model[]>;
    /**
     * The offers of a model in the order in which a call with this route (default: the client's) would ask them; then the offers that the route
     * rules out, with the reason. Reads the catalogue if it isn't loaded (it is kept for ten minutes), and sends nothing else.
     * @param model `org/name`; with a `:provider` all other providers are ruled out.
     * @throws {ConfigError} if the catalogue has no such model (`path` is "model"), or a field of the route is wrong.
     * @throws {APIConnectionError} if the catalogue could not be read.
     */
    offers(model: string, route?: Route): Promise<RouteOffer[]>;
    /**
     * One model of the catalogue.
     * @param id as in the catalogue: `org/name`. An id with a `:provider` is refused with a {@link ConfigError}.
     * @throws {NotFoundError} if the catalogue has no such model.
     */
    retrieve(id: string, options?: RequestOptions): Promise<Model>;
  };

  /**
   * A `fetch` for other libraries: a library that is given this function uses this client's keys, limits, budget, retries, timeouts and ledger.
   *
   * **Calls.** A POST below the client's `baseURL` to `…/chat/completions`, `…/completions` or `…/embeddings` is a call like `create()`. Its body is sent byte for byte,
   * except in four cases: it names no model; it has no maximum and there is a budget; its server needs another form (the router's embeddings); it has more inputs than one request may have.
   * The answer consists of the server's own bytes. Further options of the request (`dispatcher`, `credentials`, …) are passed to the underlying fetch; its headers win over the client's.
   *
   * **Other requests.** Any other request below `baseURL` is passed to the underlying fetch with a key, `billTo` and the client's own `headers`. A request to another address is passed on
   * unchanged; if it looks like a call, the console warns once. If the client has keys, they replace the caller's `Authorization`. No redirect is followed to an address where the key must
   * not go (in a page: no redirect at all).
   *
   * **Failures.** If a stream is cut off or stalls, reading the body fails with {@link StreamTruncatedError} or a similar error. Cancelling the body or aborting the signal closes the socket and settles the call.
   * A refusal by a limit or the budget is a 429 in the form of OpenAI's errors (`code` `"limit_exceeded"` or `"budget_exceeded"`, `Retry-After` in seconds). A failure after this client's own
   * retries is the server's own answer; a pause that the server asked for earlier is a 429. All of these carry `X-Should-Retry: false`. If there was no answer, the promise rejects with the typed error; after an abort
   * that error's name is `AbortError`. Some libraries would repeat such a request and are told in their own way: the `openai` package by a 502 or 504; the AI SDK and `@huggingface/inference`, which
   * ignore the header, by an error in place of an answer; LangChain, which ignores it too, by the status with the typed error's message and the `code` `"ECONNABORTED"`, after which it doesn't repeat a request.
   *
   * @example
   * ```ts
   * const openai = new OpenAI({ baseURL: "https://router.huggingface.co/v1", apiKey: "-", fetch: hf.fetch });
   * ```
   */
  readonly fetch: PlatformFetch;

  /**
   * A client that shares this one's keys, counters and ledger, and has other defaults for each call, including calls through {@link HuggingFace.fetch}.
   * A call's own options win: `timeout`, `retry` and `headers` member by member, the others as a whole. Signals are joined: each of them ends the call.
   *
   * @throws {ConfigError} if an option is unknown, of the wrong type, or out of range.
   *
   * @example
   * ```ts
   * const alices = hf.withOptions({ metadata: { user: "alice" }, timeout: { total: 60_000 } });
   * ```
   */
  withOptions(options: RequestOptions): HuggingFace;

  /** The current state of limits, keys (their labels, never the keys) and spend, as plain data for JSON. */
  snapshot(): ClientSnapshot;
}
export default HuggingFace;

/** The type of the platform's own `fetch`, if the program's types have one. */
export type PlatformFetch = typeof globalThis extends Record<"fetch", infer F> ? F : (input: any, init?: any) => Promise<any>;

/** The version of this package, as in its package.json. */
export function version(): string;

/** The options of a client; all are optional. An unknown option is refused with a {@link ConfigError} that names it. */
export interface HuggingFaceOptions {
  /** The client's id: the prefix of key labels, and of model names written as `id:org/name`. Default `"huggingface"`. */
  id?: string | undefined;
  /**
   * One key, or a function that is asked before each request (for session tickets that expire). If the function throws, rejects or returns a failed response, the call
   * fails with an {@link APIConnectionError}; if it returns something else than a key (a page, JSON, nothing), with a {@link ConfigError}. If the server has just
   * answered this call with 401, the function gets the refused key as `refused`, so that it can return another one. {@link ticketKey} makes such a function. Default:
   * `HF_TOKEN` of the environment, if there is one. Without any key, the router is refused with a {@link ConfigError}; any other base URL is called without
   * Authorization.
   */
  apiKey?: string | ((asked: { refused: string | null }) => string | Promise<string>) | undefined;
  /** A pool of keys: the least loaded key that is ready is used, and a failing key is skipped. Not together with `apiKey`. */
  apiKeys?: string[] | undefined;
  /**
   * The server's address. Default `"https://router.huggingface.co/v1"`. TGI, TEI, vLLM and Inference Endpoints work too; a host without a path gets `/v1`. In a page or
   * its workers the address may be relative, such as `"/v1"`; elsewhere a relative address is refused with a {@link ConfigError}. The retired
   * `api-inference.huggingface.co` is replaced by the router; the console says so once.
   */
  baseURL?: string | undefined;
  /** The model for bodies that name none: `"org/name"`, `"org/name:provider"`, `"org/name:fastest"`, `"org/name:cheapest"`. */
  model?: string | undefined;
  /** One price for all models, prices by model id, or `"live"`: the prices in the router's catalogue, kept for 10 minutes. Without this option the cost is `unknown`. */
  pricing?: Pricing | Record<string, Pricing> | "live" | undefined;
  /** Limits that this client keeps by itself. Default: no limits. {@link FREE_TIER} has those of the free tier. */
  limits?: Limits | undefined;
  /** A hard stop in USD. It needs a known price; without one every call is refused with a {@link ConfigError}. */
  budget?: Budget | undefined;
  /** How long lists of inputs are split into requests. */
  embeddings?: {
    /** The most inputs in one request, default 32. */
    batchSize?: number;
    /** How many requests run at the same time, default 4. */
    concurrency?: number;
  };
  /** When a request is tried again, and after how long. `false`: one attempt with one key (but see `stream_options`). */
  retry?: RetryPolicy | false | undefined;
  /** The `openai` package's name: the number of attempts after the first, `retry.maxAttempts - 1`. */
  maxRetries?: number | undefined;
  /** Which models and providers may answer, in what order, and which one is asked when another fails. A bad field is refused with a {@link ConfigError} with its path, like `route.sort`. */
  route?: Route | undefined;
  /** Timeouts in ms. A plain number is the timeout `headers`. */
  timeout?: Timeouts | number | undefined;
  /** The longest accepted server-sent event, in bytes. Default 16 MiB; a longer event fails the stream with a {@link StreamError}. */
  maxEventBytes?: number | undefined;
  /**
   * The largest accepted answer, in bytes. Default 64 MiB. For a stream the texts, tool calls and logprobs that `final()` returns are counted, and a larger
   * answer fails with a {@link StreamError}. For any other answer its body is counted, and a larger one fails with an {@link APIConnectionError}.
   */
  maxAnswerBytes?: number | undefined;
  /** The organisation that pays, sent as `X-HF-Bill-To`. */
  billTo?: string | undefined;
  /** Headers for every request. If there are any, a redirect is followed only within its origin (in a page: not at all). In a browser, a header that the server doesn't allow in its CORS answer makes the request fail. */
  headers?: Record<string, string> | undefined;
  /** Is called instead of the global fetch, with `this === undefined`. If there is neither, calls are refused with a {@link ConfigError}. */
  fetch?: FetchLike | undefined;
  /** Where limits and budget are counted. Default: in this client's memory. {@link storageStore} keeps them between page loads. */
  store?: LimitStore | undefined;
  /** Is called with each settlement. If it throws, the console reports that, and nothing else is affected. */
  onSettled?: ((settlement: Settlement) => void) | undefined;
  /** @deprecated An option of the `openai` package that is not needed here; the console says so once. */
  dangerouslyAllowBrowser?: boolean | undefined;
}

/** The type of the option `fetch`: the global fetch, one that uses a proxy, a service binding's, or a test's. Only these fields of `init` are set. */
export type FetchLike = (
  url: string,
  init: { method: string; headers: Headers; body?: string; signal: AbortSignal; redirect?: "manual" },
) => Promise<ResponseLike>;

/** The members of a response that this package uses. A `Response` of any realm has them. */
export interface ResponseLike {
  /** HTTP status. */
  readonly status: number;
  /** Response headers. */
  readonly headers: {
    /** A header's value, or `null`. */
    get(name: string): string | null;
  };
  /** The body as a stream of bytes. */
  readonly body: {
    /** The method of a `ReadableStream` of bytes. */
    getReader(): any;
  } | null;
}

/** The options of one call. They win over the client's options. */
export interface RequestOptions {
  /** Ends the call wherever it is: waiting for a limit, between attempts, before the headers, in the body. The call then rejects with {@link APIUserAbortError}, whose `cause` is the signal's reason. A signal that was put into the body by mistake works too, and isn't sent. */
  signal?: AbortSignal;
  /** Timeouts in ms. A plain number is the timeout `headers`. */
  timeout?: Timeouts | number;
  /** When the request is tried again. `false`: one attempt with one key. */
  retry?: RetryPolicy | false;
  /** The number of attempts after the first. */
  maxRetries?: number;
  /** Replaces the client's route as a whole; `{}` means no route. */
  route?: Route;
  /** Headers in addition to the client's. */
  headers?: Record<string, string>;
  /** A value of your own that appears in the settlement and is never sent. */
  metadata?: unknown;
  /** Is called with this call's settlement, after the client's own `onSettled`. */
  onSettled?: (settlement: Settlement) => void;
}

/** Limits that the client keeps by itself. An absent limit, or 0, means no limit. */
export interface Limits {
  /** Requests per key in any 60 seconds. A request counts from the moment at which it is let through, whether or not it has ended. Never exceeded. */
  requestsPerMinute?: number;
  /**
   * Tokens per key in any 60 seconds, prompt and completion together. The reserved tokens count until the call ends; then the used ones count for the rest
   * of the 60 seconds. The limit can be exceeded only by what answers use beyond their reservation.
   */
  tokensPerMinute?: number;
  /** Requests per key in a calendar month, UTC. Never exceeded. */
  requestsPerMonth?: number;
  /** Requests of the client that run at the same time. */
  maxConcurrent?: number;
  /** The behaviour of a call at a limit. `"wait"` (default): the call waits in line, first come, first served, until it is aborted. `"error"`: the call fails at once with a {@link LimitExceededError}. */
  onLimit?: "wait" | "error";
  /** The longest wait in ms, default 60 000; then the call fails with a {@link LimitExceededError}. A request that can never fit fails at once. */
  maxWait?: number;
}

/** The provider page's free tier: 300 requests a minute, 30 000 a month, per key. */
export const FREE_TIER: Readonly<Limits>;

/**
 * A price in USD, in one of two forms.
 *
 * The first form is per million tokens, the unit of the router's catalogue, and its names say so: prefer it.
 *
 * The second form is the provider page's. It keeps that page's formula, tokens × rate / 1000, unless `unit` says otherwise. If there is no `unit` and the rate has an improbable
 * size (below $0.001 or above $1000 per million tokens), the console warns once; with a budget such a price is refused with a
 * {@link ConfigError}, since the budget would never stop anything.
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
 * A hard stop on spending in each calendar window (UTC). Before a request is sent, the price of its estimated prompt and of the whole `max_tokens`, times
 * `n` or `best_of`, is reserved. If that exceeds the budget, the call fails at once with a {@link BudgetExceededError}; it never waits. If an answer uses more than was reserved, the excess is
 * booked as well. A body without a maximum is sent with `max_tokens: 4096`; a body that asks for an endless answer under another name (`num_predict: -1`) is refused.
 */
export interface Budget {
  /** The most to spend in one window, in USD. */
  usd: number;
  /** The window; `"total"` never begins anew. */
  per: "hour" | "day" | "month" | "total";
}

/**
 * When a failed request is tried again.
 *
 * Retried: 408, 409, 425, 429, 500, 502, 503, 504, 520 to 524, 529, 530, and connections that were refused or lost before the headers; 401, 402 and
 * 403 only with another key. Never retried: 400, 404, 410, 413, 422 (but see `stream_options`), timeouts (the model may have worked, and a second attempt would be paid as well), and
 * failures after the first byte of a stream has reached the caller.
 */
export interface RetryPolicy {
  /** The number of attempts with all keys together, including the first. Default 3. */
  maxAttempts?: number;
  /** The longest delay before the second attempt, in ms; it doubles for each further one, and the actual delay is random (full jitter). After a 429 that doesn't say how long to wait, a second is added. Default 500. */
  baseDelay?: number;
  /**
   * The longest delay in ms, default 30 000. If a server's `Retry-After` is longer, the call doesn't wait: the error is thrown with `retryAfter`. Calls
   * that begin before that time is over fail in the same way, and nothing is sent for them.
   */
  maxDelay?: number;
  /** The longest `estimated_time` of a loading model for which a call waits, in ms. Default 60 000. */
  maxLoadingWait?: number;
}

/**
 * Timeouts of the phases of a call. Each one closes the socket and fails the call with an {@link APIConnectionTimeoutError} that names the phase; the call is not retried. A runtime's own time
 * limits (300 s in Node's fetch) end in the same kind of error, which names them.
 */
export interface Timeouts {
  /** Ms until the response headers, for each attempt; a key function may take as long. Default 300 000 for a stream and 600 000 otherwise, since a server may have to load the model or to work off a queue. */
  headers?: number;
  /** Another name for `headers`. Two different values are refused with a {@link ConfigError}. */
  connect?: number;
  /**
   * Ms between two pieces of the body while your program waits for one. Default 300 000 until a stream's first event and in a whole answer, and 120 000 after
   * that event, since models pause to reason. A loop that pauses is not timed. But a stream that nobody begins to read within this time is closed, and so is a body of `toReadableStream()` that nobody reads further.
   */
  idle?: number;
  /** Ms for the whole call, including waits and retries. Default: no limit. */
  total?: number;
}

// ---------------------------------------------------------------- chat

/**
 * A streamed answer: an async iterable of chunks.
 *
 * `break`, `return()`, `throw()`, `using`, an abort and every timeout close the connection to the server, so that nobody pays for text that nobody reads.
 * A stream has one reader: whichever of iteration, {@link ChatStream.text} and {@link ChatStream.toReadableStream} comes first owns the stream, and
 * any other throws. After `break` or `return()` the stream ends without an error; after a signal or `abort(reason)` it rejects with
 * {@link APIUserAbortError}.
 *
 * The stream ends without an error only if the answer is complete: with `[DONE]` after at least one choice, or with the end of the body after a finish_reason for every
 * choice that appeared.
 *
 * @throws {StreamError} if the server said that the answer failed (an error event, a choice with an `error` or with the finish_reason
 * `"error"`), an event is broken, or `[DONE]` came without an answer; `partial` is what had arrived before.
 * @throws {StreamTruncatedError} if the body ended or the connection was lost before the answer was complete.
 * @throws {APIConnectionTimeoutError} if nothing came for `timeout.idle`, or `timeout.total` was over.
 */
export class ChatStream {
  private constructor();
}
export interface ChatStream extends AsyncIterableIterator<ChatCompletionChunk>, AsyncDisposable, Disposable {
  /** Aborting this controller is the same as {@link ChatStream.abort}. */
  readonly controller: AbortController;
  /** The finish reason of choice 0; `null` until it has arrived. */
  readonly finishReason: FinishReason | null;
  /** The text of choice 0, piece by piece as it arrives. This is the cheapest way to read a stream, since no chunk objects are made. A piece contains what arrived together, one delta or several; it never ends between the two halves of a surrogate pair. */
  text(): AsyncIterableIterator<string>;
  /** Reads to the end and returns the whole completion, as the same server would have sent it without streaming. It has every key that the server sent and no others, so that `choices[0].message` can be sent back unchanged. It may be called before, during or after iteration or `text()`. If it is called before, the loop must begin in the same turn of the event loop, since an awaited `final()` is itself the reader. Together with `toReadableStream()` it resolves when that body has been read. */
  final(): Promise<ChatCompletion>;
  /** The stream as an event-stream body with the bytes as they were received, ready for `new Response(...)`. If nobody reads it for as long as `timeout.idle`, it errors, the call ends as `aborted`, and its socket is closed. (In the `openai` package this method returns lines of JSON.) */
  toReadableStream(): ReadableStream<Uint8Array>;
  /** Ends the stream and closes the socket; pending reads reject with {@link APIUserAbortError} whose `cause` is `reason`. */
  abort(reason?: unknown): void;
  /** The call's settlement, however the stream ends. Never rejects. */
  readonly settled: Promise<Settlement>;
  /** The response's status and headers, known before the first chunk. */
  readonly response: ResponseInfo;
}

/**
 * A body with further keys, which are sent unchanged. It is meant for parameters that a server knows and that are not listed here. Without this type, an unlisted key in an object
 * literal is a compile error, since it is usually misspelt.
 *
 * @example
 * ```ts
 * const body: WithExtra<ChatCompletionCreateParamsStreaming> = { messages, stream: true, a_key_of_my_server: 1 };
 * const stream = await hf.chat.completions.create(body);
 * ```
 */
export type WithExtra<Body> = Body & { [key: string]: unknown };

/** The body of a chat request. The names are those of the API; only some servers accept the members of {@link ServerParams}. */
export interface ChatCompletionCreateParams extends ServerParams {
  /** `org/name`, optionally followed by `:provider`, `:fastest` or `:cheapest`. Default: the client's `model`. */
  model?: string | null;
  /** The conversation, oldest first; at least one message. */
  messages: readonly ChatMessage[];
  /** The most tokens of the answer. */
  max_tokens?: number | null;
  /** The newer name of `max_tokens`, which includes reasoning. Fewer servers know it. */
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
   * By default a stream asks the server to report its usage. With `null`, or with `include_usage: false` alone, it doesn't, and the key isn't sent. If a server refuses the key
   * (with a 400 or 422 that names it), the request is sent once more without it, whatever `retry` says, and this client doesn't send the key again.
   */
  stream_options?: {
    /** Whether a last chunk, whose `choices` may be empty, reports the usage. Default `true`. */
    include_usage?: boolean | null;
    /** vLLM: whether every chunk reports the usage. */
    continuous_usage_stats?: boolean;
    /** OpenAI: whether chunks are padded to the same length. */
    include_obfuscation?: boolean;
  } | null;
  /** Functions that the model may call. */
  tools?: readonly ChatCompletionTool[] | null;
  /** Which tool the model calls: `"auto"`, `"none"`, `"required"` or one function. */
  tool_choice?: ChatCompletionToolChoiceOption | null;
  /** Whether the model may make several calls in one answer. */
  parallel_tool_calls?: boolean | null;
  /** The form of the answer: text, JSON, or JSON by a schema. Which forms work depends on the provider. */
  response_format?: ResponseFormat | null;
  /** -2 to 2. */
  frequency_penalty?: number | null;
  /** -2 to 2. */
  presence_penalty?: number | null;
  /** For answers that can be repeated, where the provider supports it. */
  seed?: number | null;
  /** How many answers the model writes. Each one is paid. */
  n?: number | null;
  /** Added to the logits of tokens, by token id. */
  logit_bias?: { [token: string]: number } | readonly number[] | null;
  /** Whether to return the log probability of each token. */
  logprobs?: boolean | null;
  /** How many alternatives to return for each token, 0 to 5 (some servers: 20). */
  top_logprobs?: number | null;
  /** How much the model reasons before it answers; the values depend on the provider. */
  reasoning_effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" | (string & {}) | null;
  /** An id of your end user, for the provider's abuse detection. */
  user?: string | null;
}

/** Parameters that some servers behind Hugging Face's API accept, and others ignore or refuse. They are sent unchanged. */
export interface ServerParams {
  /** How many of the likeliest tokens to draw from. */
  top_k?: number | null;
  /** The lowest probability of a token, as a share of the likeliest token's. */
  min_p?: number | null;
  /** Locally typical sampling, 0 to 1. */
  typical_p?: number | null;
  /** Values above 1 make tokens less likely that have occurred before. */
  repetition_penalty?: number | null;
  /** vLLM: values above 1 favour longer beams. */
  length_penalty?: number | null;
  /** The fewest tokens of the answer. */
  min_tokens?: number | null;
  /** Ids of tokens that end the answer. */
  stop_token_ids?: readonly number[] | null;
  /** Whether the text that ended the answer is part of it. */
  include_stop_str_in_output?: boolean | null;
  /** Whether to continue after the end-of-sequence token. */
  ignore_eos?: boolean | null;
  /** Whether to leave special tokens out of the text. Default `true`. */
  skip_special_tokens?: boolean | null;
  /** Whether to put spaces between special tokens. */
  spaces_between_special_tokens?: boolean | null;
  /** Texts that the answer must not contain. */
  bad_words?: readonly string[] | null;
  /** The ids of the only tokens that the answer may contain. */
  allowed_token_ids?: readonly number[] | null;
  /** How many alternatives to return with log probabilities for each token of the prompt. */
  prompt_logprobs?: number | null;
  /** Cuts the prompt to its last tokens, this many. */
  truncate_prompt_tokens?: number | null;
  /** Whether the answer repeats the last message. */
  echo?: boolean | null;
  /** Whether to begin an assistant message after the prompt. Default `true`. */
  add_generation_prompt?: boolean | null;
  /** Whether to continue the last message instead of beginning a new one. */
  continue_final_message?: boolean | null;
  /** A Jinja template in place of the model's own. */
  chat_template?: string | null;
  /** Variables for the chat template, such as `{ enable_thinking: false }`. */
  chat_template_kwargs?: { [name: string]: unknown } | null;
  /** Documents for models that cite them. */
  documents?: readonly object[] | null;
  /** vLLM: the answer is JSON by this schema. */
  guided_json?: object | string | null;
  /** vLLM: the answer matches this regular expression. */
  guided_regex?: string | null;
  /** vLLM: the answer is one of these. */
  guided_choice?: readonly string[] | null;
  /** vLLM: the answer follows this grammar. */
  guided_grammar?: string | null;
  /** vLLM: the library that enforces the form. */
  guided_decoding_backend?: string | null;
  /** vLLM 0.11 and later, in place of `guided_…`. */
  structured_outputs?: {
    /** JSON by this schema. */
    json?: object | string;
    /** Text that matches this regular expression. */
    regex?: string;
    /** One of these texts. */
    choice?: readonly string[];
    /** Text that follows this grammar. */
    grammar?: string;
    [name: string]: unknown;
  } | null;
  /** SGLang: the answer matches this regular expression. */
  regex?: string | null;
  /** SGLang: the answer follows this grammar. */
  ebnf?: string | null;
  /** llama.cpp: the answer follows this GBNF grammar. */
  grammar?: string | null;
  /** llama.cpp: the answer is JSON by this schema. */
  json_schema?: object | string | null;
  /** SGLang: whether reasoning is separated from the content. */
  separate_reasoning?: boolean | null;
  /** Whether the answer contains the reasoning. */
  include_reasoning?: boolean | null;
  /** Groq: where the answer contains the reasoning. */
  reasoning_format?: "parsed" | "raw" | "hidden" | (string & {}) | null;
  /** How much the model reasons, in the form that aggregators accept. */
  reasoning?: {
    /** `"low"`, `"high"`, … */
    effort?: string | null;
    /** The most tokens of reasoning. */
    max_tokens?: number | null;
    /** Whether to leave the reasoning out of the answer. */
    exclude?: boolean;
    /** Whether the model reasons at all. */
    enabled?: boolean;
    [name: string]: unknown;
  } | null;
  /** Z.ai, DeepSeek and others: whether the model reasons. */
  thinking?: {
    /** Whether it does. */
    type?: "enabled" | "disabled" | (string & {});
    [name: string]: unknown;
  } | null;
  /** Whether the model reasons, for servers with a switch for that. */
  enable_thinking?: boolean | null;
  /** The most tokens of reasoning. */
  thinking_budget?: number | null;
  /** TGI: a text that precedes the tools in the prompt. */
  tool_prompt?: string | null;
  /** TGI and others: the LoRA adapter to use. */
  adapter_id?: string | null;
  /** vLLM: the request's priority; lower numbers go first. */
  priority?: number | null;
  /** An id of the request, for the server's log. */
  request_id?: string | null;
  /** vLLM: how images and videos are prepared. */
  mm_processor_kwargs?: { [name: string]: unknown } | null;
  /** An id of the conversation, for the server's prompt cache. */
  session_id?: string | null;
  /** A key: requests with the same key share a prompt cache. */
  prompt_cache_key?: string | null;
  /** How the whole prompt is cached. */
  cache_control?: CacheControl | null;
  /** The price class. */
  service_tier?: string | null;
  /** Your own notes, which a server keeps together with a stored answer. For the settlement, use `metadata` in the request's options. */
  metadata?: { [name: string]: string } | null;
  /** Whether the server keeps the answer. */
  store?: boolean | null;
  /** The forms of the answer, such as `["text", "audio"]`. */
  modalities?: readonly string[] | null;
  /** Voice and format of spoken answers. */
  audio?: object | null;
  /** A text that most of the answer will repeat, which makes it faster. */
  prediction?: object | null;
  /** How wordy the answer is. */
  verbosity?: "low" | "medium" | "high" | (string & {}) | null;
  /** Options of web search, for models that have it. */
  web_search_options?: object | null;
  /** A hashed id of your end user. */
  safety_identifier?: string | null;
  /** OpenAI: how long a prompt stays cached. */
  prompt_cache_retention?: string | null;
  /** OpenAI: how the prompt is cached. */
  prompt_cache_options?: object | null;
  /** OpenAI: checks of the prompt and the answer. */
  moderation?: object | null;
  /** The older form of `tools`: functions that the model may call. */
  functions?: readonly object[] | null;
  /** The older form of `tool_choice`: which of them it calls. */
  function_call?: string | object | null;
}

/** A function that the model may call, or a tool whose input is plain text. */
export type ChatCompletionTool = ChatCompletionFunctionTool | ChatCompletionCustomTool;

/** A function that the model may call. */
export interface ChatCompletionFunctionTool {
  /** Always `"function"`. */
  type: "function";
  /** The function. */
  function: FunctionDefinition;
}

/** The description of a function for the model. */
export interface FunctionDefinition {
  /** The function's name: letters, digits, `_` and `-`. */
  name: string;
  /** A text that says what the function does and when to call it. The model decides by it. */
  description?: string;
  /** A JSON Schema of the arguments. Without it, the function has none. */
  parameters?: object;
  /** Whether the arguments must follow the schema exactly, for providers that can enforce it. */
  strict?: boolean | null;
}

/** A tool whose input is plain text. Few providers support it. */
export interface ChatCompletionCustomTool {
  /** Always `"custom"`. */
  type: "custom";
  /** The tool. */
  custom: {
    /** The name in calls. */
    name: string;
    /** A text that says what the tool does. */
    description?: string;
    /** The form of the input: any text, or a grammar. */
    format?: object;
  };
}

/** Which tool the model calls: its own choice, none, any, or a certain one. */
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
      /** The tools among which the model chooses. */
      allowed_tools: {
        /** `"auto"`: the model decides; `"required"`: it calls at least one of them. */
        mode: "auto" | "required";
        /** These tools. */
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

/** Any JSON object. The messages must ask for JSON as well. */
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
    /** The schema's name: letters, digits, `_` and `-`. */
    name: string;
    /** The purpose of the answer, for the model. */
    description?: string;
    /** A JSON Schema. */
    schema?: object;
    /** Whether the answer must follow the schema exactly, for providers that can enforce it. */
    strict?: boolean | null;
  };
}

/** Text-generation-inference's own forms: JSON by a schema, or text by a regular expression. */
export interface ResponseFormatGrammar {
  /** The kind of form. */
  type: "json" | "json_object" | "json_schema" | "regex";
  /** The schema or the regular expression. */
  value: object | string;
}

/** A body that asks for a {@link ChatStream}. */
export interface ChatCompletionCreateParamsStreaming extends ChatCompletionCreateParams {
  /** The answer arrives while it is written. */
  stream: true;
}

/** A body that asks for the whole answer. */
export interface ChatCompletionCreateParamsNonStreaming extends ChatCompletionCreateParams {
  /** The answer arrives when it is complete. */
  stream?: false | null;
}

/** One message of a conversation. The message of an answer can be added to it unchanged. */
export interface ChatMessage {
  /** The writer of the message. */
  role: "system" | "developer" | "user" | "assistant" | "tool" | "function";
  /** Text, or a list of parts. */
  content?: string | readonly ChatCompletionContentPart[] | null;
  /** The name of the participant. */
  name?: string;
  /** The calls in an assistant message. */
  tool_calls?: readonly (ToolCall | CustomToolCall)[] | null;
  /** The id of the call that a tool message answers. */
  tool_call_id?: string;
  /** Why an assistant message contains no answer. */
  refusal?: string | null;
  /** The reasoning of an assistant message, for models that need it back. */
  reasoning?: string | null;
  /** The same, under another name that some providers use. */
  reasoning_content?: string | null;
  /** Reasoning in the form of the server that sent it. */
  reasoning_details?: readonly object[] | null;
  /** Whether the answer continues this assistant message (Mistral, DeepSeek). */
  prefix?: boolean;
  /** An earlier spoken answer. */
  audio?: object | null;
  /** The older form of `tool_calls`. */
  function_call?: object | null;
  /** Marks a place at which a prompt cache may end. */
  cache_control?: CacheControl;
}

/** One part of a message. Which parts are understood depends on the model. */
export type ChatCompletionContentPart =
  | ChatCompletionContentPartText
  | ChatCompletionContentPartImage
  | ChatCompletionContentPartInputAudio
  | ChatCompletionContentPartAudioURL
  | ChatCompletionContentPartVideo
  | ChatCompletionContentPartFile
  | ChatCompletionContentPartRefusal;

/** Marks a place at which a prompt cache may end, for servers that need the mark. */
export interface CacheControl {
  /** `"ephemeral"`. */
  type: "ephemeral" | (string & {});
  /** How long the cache lives, such as `"1h"`. */
  ttl?: string;
}

/** Marks on a part for prompt caches. */
export interface CacheablePart {
  /** The mark for Anthropic's models. */
  cache_control?: CacheControl;
  /** The mark for OpenAI's models. */
  prompt_cache_breakpoint?: object;
}

/** A text. */
export interface ChatCompletionContentPartText extends CacheablePart {
  /** Always `"text"`. */
  type: "text";
  /** The text. */
  text: string;
}

/** An image. An estimate counts it as 1000 tokens, whatever its size. */
export interface ChatCompletionContentPartImage extends CacheablePart {
  /** Always `"image_url"`. */
  type: "image_url";
  /** Where it is. */
  image_url: {
    /** A URL, or the image itself: `data:image/png;base64,…`. */
    url: string;
    /** How closely the model looks at it. */
    detail?: "auto" | "low" | "high" | (string & {});
  };
}

/** Speech or sound, contained in the body. */
export interface ChatCompletionContentPartInputAudio extends CacheablePart {
  /** Always `"input_audio"`. */
  type: "input_audio";
  /** The sound. */
  input_audio: {
    /** The sound in base64. */
    data: string;
    /** Its format. */
    format: "wav" | "mp3" | (string & {});
  };
}

/** Speech or sound at a URL (vLLM). */
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
    /** The file in base64, usually as a `data:` URL. */
    file_data?: string;
    /** The id of a file that the server has. */
    file_id?: string;
    /** Its name. */
    filename?: string;
  };
}

/** Why an assistant message contains no answer. */
export interface ChatCompletionContentPartRefusal {
  /** Always `"refusal"`. */
  type: "refusal";
  /** The reason. */
  refusal: string;
}

/**
 * Why an answer ended. These are the values in the API's description; a provider may send another string. (These types are as strict as those of the `openai` package.
 * The objects are the server's own, and fields may be missing.)
 */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter" | "function_call";

/** One token with its log probability. */
export interface TokenLogprob {
  /** The token as text. */
  token: string;
  /** Natural logarithm of its probability. */
  logprob: number;
  /** Its UTF-8 bytes, if the text alone can't show them. */
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

/** The log probabilities of an answer. */
export interface Logprobs {
  /** Of the content's tokens. */
  content: TokenLogprob[] | null;
  /** Of the refusal's tokens. */
  refusal: TokenLogprob[] | null;
}

/** A whole answer: the unchanged body of the response, or the result of {@link ChatStream.final}. It also contains the server's keys that are not listed here. */
export interface ChatCompletion {
  /** The provider's id of the answer; it may be `""`. */
  id: string;
  /** Always `"chat.completion"`. */
  object: "chat.completion";
  /** Unix time in seconds. */
  created: number;
  /** The provider's own name for the model, which may differ from the requested one. */
  model: string;
  /** `n` answers, one by default. */
  choices: {
    /** From 0. */
    index: number;
    /** Why this choice ended. */
    finish_reason: FinishReason;
    /** The log probabilities; `null` or missing unless requested. */
    logprobs: Logprobs | null;
    /** The answer itself. */
    message: {
      /** Always `"assistant"`. */
      role: "assistant";
      /** The text; it may be `null` if there are tool calls. Some servers send a list of parts instead, which stays a list. */
      content: string | null;
      /** Why the model would not answer. Servers without refusals leave it out. */
      refusal: string | null;
      /** The model's reasoning, if the server sends it under this name; {@link reasoningOf} finds it under every name. `<think>` inside `content` stays there. */
      reasoning?: string | null;
      /** The same, under another name that some servers use. */
      reasoning_content?: string | null;
      /** The tool calls that the model wants. */
      tool_calls?: ToolCall[];
    };
  }[];
  /** As the server counted. The settlement has an estimate where this is missing. */
  usage?: Usage;
  /** Which build of the model answered. */
  system_fingerprint?: string;
}

/**
 * The reasoning in a message or a delta, wherever the server put it: `reasoning`, `reasoning_content`, `reasoning_text`, thinking parts of the content, or
 * `reasoning_details`; `null` if there is none.
 */
export function reasoningOf(message: object | null | undefined): string | null;

/**
 * A key function for a page behind a gateway. It fetches a session ticket from `url`, once for parallel calls, and uses it until shortly before it
 * expires (30 s, or a tenth of its remaining time, by the server's clock if its answer has a `Date`) or until the gateway refuses it. So the limits
 * of a ticket apply to all calls made with it.
 *
 * `url` must answer with the ticket as text, or as JSON: `"…"` or `{"ticket": "…"}`. A key without an expiry is fetched anew for each call. If the answer is not a
 * success, or contains no ticket (a login page, for example), the call fails with an {@link APIConnectionError} whose `cause` contains the status and the server's
 * words.
 *
 * @example
 * const hf = new HuggingFace({ baseURL: "https://gateway.example.com/v1", apiKey: ticketKey("/ticket") });
 * @param url an absolute URL; in a page also a relative one.
 * @param init options of `fetch`, such as `credentials`, `headers` or `method`; and a `fetch` to use instead of the global one.
 */
export function ticketKey(url: string | { href: string }, init?: { fetch?: (url: string, init: any) => Promise<any>; [option: string]: unknown }): (asked?: { refused?: string | null }) => Promise<string>;

/** One piece of a streamed answer: exactly the result of `JSON.parse` for its event, including the order of keys. */
export interface ChatCompletionChunk {
  /** The provider's id of the answer. */
  id: string;
  /** Always `"chat.completion.chunk"`. */
  object: "chat.completion.chunk";
  /** Unix time in seconds. */
  created: number;
  /** The provider's own name for the model. */
  model: string;
  /** The choices; the list may be empty, as in the chunk that reports the usage. */
  choices: {
    /** From 0. */
    index: number;
    /** `null` until the last piece of this choice. */
    finish_reason: FinishReason | null;
    /** The log probabilities of the tokens in this piece. */
    logprobs?: Logprobs | null;
    /** The part of the message that this piece adds. */
    delta: {
      /** The role, in the first piece or in each. */
      role?: "system" | "developer" | "user" | "assistant" | "tool";
      /** More of the text. */
      content?: string | null;
      /** More of the refusal. */
      refusal?: string | null;
      /** More of the reasoning. */
      reasoning?: string | null;
      /** More of the reasoning, under another name that some providers use. */
      reasoning_content?: string | null;
      /** More of the tool calls. */
      tool_calls?: ToolCallDelta[];
    };
  }[];
  /** The usage so far, in the last chunk or in every chunk. Don't add these up. */
  usage?: Usage | null;
  /** Which build of the model answers. */
  system_fingerprint?: string;
}

/** The part of an answer that had arrived when its stream failed: a completion in which `finish_reason` may still be `null`. */
export interface PartialCompletion extends Omit<ChatCompletion, "choices"> {
  /** As in {@link ChatCompletion}. */
  choices: (Omit<ChatCompletion["choices"][number], "finish_reason"> & {
    /** `null` if this choice had not ended. */
    finish_reason: FinishReason | null;
  })[];
}

/** A tool call that the model wants. */
export interface ToolCall {
  /** The call's id, which the tool message repeats as `tool_call_id`. */
  id: string;
  /** Always `"function"`. */
  type: "function";
  /** The function to call. */
  function: {
    /** Its name, as in `tools`. */
    name: string;
    /** The arguments as JSON text. A model has written it, so parse it with care. */
    arguments: string;
  };
}

/** A call of a tool whose input is plain text. */
export interface CustomToolCall {
  /** The call's id, which the tool message repeats as `tool_call_id`. */
  id: string;
  /** Always `"custom"`. */
  type: "custom";
  /** The tool to call. */
  custom: {
    /** Its name, as in `tools`. */
    name: string;
    /** The input. */
    input: string;
  };
}

/** A piece of a tool call. */
export interface ToolCallDelta {
  /** The index of the call to which this piece belongs. Some providers count from 1 or leave it out. */
  index: number;
  /** The call's id, usually only in the first piece. */
  id?: string;
  /** Always `"function"`. */
  type?: "function";
  /** The part of the function's call that this piece adds. */
  function?: {
    /** The function's name, usually only in the first piece. */
    name?: string;
    /** The next piece of the JSON text. */
    arguments?: string;
  };
}

/** Tokens as the server counted them. `total_tokens` is the server's own number, and not computed here. */
export interface Usage {
  /** Tokens of the prompt. */
  prompt_tokens: number;
  /** Tokens of the answer, including reasoning. */
  completion_tokens: number;
  /** The total. */
  total_tokens: number;
  /** Details about the prompt's tokens, if the server reports them. */
  prompt_tokens_details?: PromptTokensDetails;
  /** Details about the answer's tokens, if the server reports them. */
  completion_tokens_details?: CompletionTokensDetails;
  /** Tokens of the prompt that came from a cache; some servers report them here. */
  cached_tokens?: number;
  /** The call's cost in USD, if the server reports it. */
  cost?: number;
  /** The same, under another name that some servers use. */
  estimated_cost?: number;
}

/** Details about the tokens of a prompt. */
export interface PromptTokensDetails {
  /** Tokens that came from a cache. */
  cached_tokens?: number;
  /** Tokens that were written to a cache. */
  cache_write_tokens?: number;
  /** Tokens of text. */
  text_tokens?: number;
  /** Tokens of images. */
  image_tokens?: number;
  /** Tokens of sound. */
  audio_tokens?: number;
}

/** Details about the tokens of an answer. */
export interface CompletionTokensDetails {
  /** Tokens of reasoning. */
  reasoning_tokens?: number;
  /** Tokens of text. */
  text_tokens?: number;
  /** Tokens of sound. */
  audio_tokens?: number;
  /** Tokens that `prediction` foretold correctly. */
  accepted_prediction_tokens?: number;
  /** Tokens that `prediction` foretold wrongly; they are paid. */
  rejected_prediction_tokens?: number;
}

// ---------------------------------------------------------------- text completions

/** The body of a text completion. The names are those of the API; only some servers accept the members of {@link ServerParams}. */
export interface CompletionCreateParams extends Omit<ServerParams, "echo"> {
  /** `org/name`; at the router followed by `:provider`. Default: the client's `model`. */
  model?: string | null;
  /** The text that the model continues. Each prompt of a list has its own answer, at its index; a list of numbers is one prompt, given as token ids. */
  prompt: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  /** The most tokens of each answer. The default depends on the server and may be as low as 16. */
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
  /** The text after the answer, for models that fill a gap. */
  suffix?: string | null;
  /** Whether the answer begins with the prompt. */
  echo?: boolean | null;
  /** How many answers the model writes for each prompt. Each one is paid. */
  n?: number | null;
  /** How many answers the model writes, of which the best `n` are returned. Each one is paid. */
  best_of?: number | null;
  /** -2 to 2. */
  frequency_penalty?: number | null;
  /** -2 to 2. */
  presence_penalty?: number | null;
  /** For answers that can be repeated, where the server supports it. */
  seed?: number | null;
  /** Added to the logits of tokens, by token id. */
  logit_bias?: { [token: string]: number } | null;
  /** How many alternatives to return with log probabilities for each token. */
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

/** A model's continuation of a prompt: whole, or one chunk of it. A whole one is the body of the response (only `finish_reason` may be changed), or the result of `final()` of a {@link CompletionStream}. */
export interface Completion {
  /** The server's id of the answer; it may be `""`. */
  id: string;
  /** Always `"text_completion"`. */
  object: "text_completion";
  /** Unix time in seconds. */
  created: number;
  /** The server's own name for the model. */
  model: string;
  /** `n` answers to each prompt, in the order of the prompts. */
  choices: {
    /** From 0. */
    index: number;
    /** The text; in a chunk, the text that it adds. */
    text: string;
    /** Why the text ended: `"stop"` (also where TGI says `"eos_token"` or `"stop_sequence"`) or `"length"`; `null` if the server didn't say, or sent `""`. In chunks it is the server's own word. */
    finish_reason: FinishReason | null;
    /** The log probabilities; `null` unless requested. */
    logprobs: {
      /** The tokens. */
      tokens?: string[];
      /** The log probability of each token. */
      token_logprobs?: (number | null)[];
      /** The alternatives for each token. */
      top_logprobs?: ({ [token: string]: number } | null)[];
      /** The index in the text at which each token begins. */
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
    /** Reads to the end and returns the whole completion, as {@link ChatStream.final} does. */
    final(): Promise<Completion>;
  };

// ---------------------------------------------------------------- structured output and tools

/** Any validator with the interface of https://standardschema.dev (zod 4.2, arktype 2.1.28, valibot's `toStandardJsonSchema()`). Its check may be asynchronous. */
export interface StandardSchema<T = unknown> {
  /** The interface that the standard defines. */
  readonly "~standard": {
    /** The version of the standard. */
    readonly version: 1;
    /** The validator's library. */
    readonly vendor: string;
    /** Returns `{ value }` or `{ issues }`, or a promise of one. */
    readonly validate: (value: unknown, ...more: any[]) => unknown;
    /** The validator's JSON Schema, if it can produce one. */
    readonly jsonSchema?: {
      /** The JSON Schema of its input. */
      readonly input: (options: any) => object;
    } | undefined;
    /** The types; this member exists at compile time only. */
    readonly types?: {
      /** The type of its input. */
      readonly input?: any;
      /** The type of its output. */
      readonly output: T;
    } | undefined;
  };
}

/** A validator that can produce its JSON Schema, or a JSON Schema with a validator. Without `validate` the JSON is parsed and not checked. */
export type Schema<T = unknown> = StandardSchema<T> | JSONSchemaWith<T>;

/** A JSON Schema, and a validator for answers. */
export interface JSONSchemaWith<T = unknown> {
  /** The schema's name, which the model sees: letters, digits, `_` and `-`. Default `"answer"`. */
  name?: string;
  /** The JSON Schema. It is sent unchanged. */
  schema: object;
  /** Whether the server must follow the schema exactly. Default: `true` if servers can enforce it, that is if every object forbids further members and requires all of its own. */
  strict?: boolean;
  /** A validator, or a function that returns the value or throws. */
  validate?: StandardSchema<T> | ((value: unknown) => T);
}

/** The result of `zodResponseFormat` and similar helpers of the `openai` package. */
export interface OpenAIFormat {
  /** The kind of format. */
  type: "json_schema" | "json_object" | "text";
  /** The schema and its name. */
  json_schema?: object;
}

/** An object with a validator of the type `V`. */
export interface CheckedBy<V> {
  /** The validator or function. */
  validate: V;
}

/** A format of the `openai` package, whose types tell the type of the parsed value. */
export interface OpenAIFormatOf<T> extends OpenAIFormat {
  /** This member exists at compile time only. */
  __output: T;
}

/** The type of the values that a schema accepts. */
export type Parsed<S> = S extends StandardSchema<infer T>
  ? T
  : S extends CheckedBy<StandardSchema<infer T>>
    ? T
    : S extends CheckedBy<(value: any) => infer T>
      ? T
      : S extends OpenAIFormatOf<infer T>
        ? T
        : any;

/** The same type with every part optional, at all depths. */
export type DeepPartial<T> = T extends (infer Item)[] ? DeepPartial<Item>[] : T extends object ? { [Key in keyof T]?: DeepPartial<T[Key]> } : T;

/** How {@link HuggingFace.chat}'s `parse` asks for JSON. These settings may be in the body or in the options. */
export interface ParseSettings {
  /**
   * The first form in which the server is asked. `"schema"`: `response_format` with the JSON Schema, strict if possible. `"json"`: `json_object`, with the schema in a system
   * message. `"text"`: only the schema in a system message. Default: the form that this client knows the model to accept; `"json"` if the catalogue has been read and no offer supports schemas; otherwise `"schema"`.
   * A server that answers 400 or 422 is asked once more in the next form, and the client remembers which form the model accepted. A model at `:hf-inference` is asked in text-generation-inference's form.
   */
  mode?: "schema" | "json" | "text";
  /** How many times the model is asked again if its answer doesn't fit. Default 1. */
  repair?: number;
}

/** The body of `parse`. */
export interface ParseParams<S = unknown> extends Omit<ChatCompletionCreateParams, "response_format" | "stream">, ParseSettings {
  /** The schema of the answer. Without one, nothing is parsed. */
  response_format?: S;
}

/** The options of `parse`. */
export interface ParseOptions extends RequestOptions, ParseSettings {}

/** A completion whose messages have a parsed value. */
export interface ParsedCompletion<T> extends Omit<ChatCompletion, "choices"> {
  /** As in {@link ChatCompletion}. */
  choices: (Omit<ChatCompletion["choices"][number], "message"> & {
    /** The message. `parsed` isn't a key of the server's: if the message is sent back, it is left out. */
    message: ChatCompletion["choices"][number]["message"] & {
      /** The checked value; `null` if the answer calls tools or refuses. */
      parsed: T | null;
    };
  })[];
}

/** A stream of JSON by a schema. The stream's `settled` belongs to the streamed call; the promise's `settled` is the sum of all calls. */
export interface ParsedStream<T> extends Omit<ChatStream, "final"> {
  /** Reads to the end and checks the JSON. If it doesn't fit, the model is asked again, without streaming. @throws {StructuredOutputError} as `parse` does. */
  final(): Promise<ParsedCompletion<T>>;
  /** The JSON so far, each time it has grown; it isn't checked. Like `text()`, this is a reader of the stream. Texts may be incomplete; numbers and keys are whole. The parts that may still grow are new objects each time. */
  partial(): AsyncIterableIterator<DeepPartial<T>>;
}

/** A tool: what the model is told about it, and the function to run. */
export interface Tool<A = any> {
  /** The tool's name: letters, digits, `_` and `-`. */
  name: string;
  /** A text that says what the tool does and when to call it. The model decides by it. */
  description?: string;
  /** The schema of the arguments. Default: no arguments. */
  parameters?: Schema<A>;
  /** `strict` of the function, which is sent unchanged. */
  strict?: boolean;
  /** Runs the tool. Its result is sent to the model: a string unchanged, any other value as JSON, no value as `null`. */
  execute(args: A, context: ToolContext): unknown;
}

/** The second argument of a tool's function. */
export interface ToolContext {
  /** Aborts when the run ends early. */
  signal: AbortSignal;
  /** The call's id. */
  id: string;
  /** A copy of the conversation so far. */
  messages: readonly ChatMessage[];
}

/** A tool in the form of the `openai` package: the function gets the result of `parse`, or the arguments' text without it. */
export interface OpenAITool {
  /** Always `"function"`. */
  type: "function";
  /** The description of the tool for the model, and the function to run. */
  function: FunctionDefinition & {
    /** Turns the text into arguments. */
    parse?: (text: string) => any;
    /** Runs the tool. */
    function?: (args: any, ...more: any[]) => unknown;
  };
}

/** The settings of a run. They may be in the body or in the options. */
export interface RunToolsSettings {
  /** How many times the model is asked at most. Default 10. */
  maxSteps?: number;
  /** `maxSteps` under its name in the `openai` package. */
  maxChatCompletions?: number;
  /** How many tool calls of one turn run at the same time. Default 4. */
  parallel?: number;
  /**
   * The reaction if arguments can't be parsed or don't fit, a tool is unknown, or `execute` throws. `"answer"` (default): the model is told in words, as the call's result.
   * `"throw"`: the error ends the run.
   */
  onToolError?: "answer" | "throw";
  /** `tool_choice` of the first step. If it forces the model to call a tool, the model chooses freely in the later steps. */
  toolChoice?: ChatCompletionToolChoiceOption;
}

/** The body of `runTools`. */
export interface RunToolsParams<Tools extends readonly unknown[] = readonly (Tool<any> | OpenAITool)[]> extends Omit<ChatCompletionCreateParams, "tools">, RunToolsSettings {
  /** The tools that the model may call. The types of the arguments come from their schemas. */
  tools: Tools;
}

/** The options of `runTools`, which apply to each of its calls. */
export interface RunToolsOptions extends RequestOptions, RunToolsSettings {}

/** The result of one tool call. */
export interface ToolResult {
  /** The call's id. */
  id: string;
  /** The tool's name. */
  name: string;
  /** The arguments; missing if they could not be read. */
  args?: any;
  /** The tool's result. */
  result?: unknown;
  /** The error, if there was one. */
  error?: unknown;
  /** The text that is sent to the model. */
  content: string;
}

/** An event of a run. */
export type ToolRunEvent = ToolRunChunk | ToolRunMessage | ToolRunCall | ToolRunResult | ToolRunStep;

/** The turn of the model to which an event belongs. */
export interface OfToolStep {
  /** The number of the turn, from 0. */
  step: number;
}

/** A chunk of a streamed turn. */
export interface ToolRunChunk extends OfToolStep {
  /** `"chunk"`. */
  type: "chunk";
  /** The chunk as the server sent it. */
  chunk: ChatCompletionChunk;
}

/** The model's whole message. Messages with tools' results have no such event. */
export interface ToolRunMessage extends OfToolStep {
  /** `"message"`. */
  type: "message";
  /** The message as it is in the conversation. */
  message: ChatCompletion["choices"][number]["message"];
}

/** A tool is about to run. */
export interface ToolRunCall extends OfToolStep {
  /** `"tool-call"`. */
  type: "tool-call";
  /** The call's id. */
  id: string;
  /** The tool's name, as the model wrote it. */
  name: string;
  /** The arguments; missing if they could not be read. */
  args?: any;
  /** The arguments' text, as the model wrote it. */
  arguments: string;
}

/** A tool has run, or could not run. */
export interface ToolRunResult extends OfToolStep, ToolResult {
  /** `"tool-result"`. */
  type: "tool-result";
}

/** A turn of the model has ended, including its tool calls. */
export interface ToolRunStep extends OfToolStep, ToolStep {
  /** `"step"`. */
  type: "step";
}

/** One turn of the model, with the results of its tool calls. */
export interface ToolStep {
  /** The model's answer. */
  completion: ChatCompletion;
  /** The results, in the order of the calls. */
  toolResults: ToolResult[];
}

/**
 * A run of a model and its tools: an async iterable of events. It can have several readers, each of which sees the events from the time at which it begins. A reader that leaves its loop ends the run.
 *
 * The run ends when the model answers in words, after `maxSteps`, by an abort ({@link APIUserAbortError}, at once, even while tools are running), or with the typed error of the current call, which may
 * be a refusal by the budget or a limit.
 */
export class ToolRun {
  private constructor();
}
export interface ToolRun extends AsyncIterable<ToolRunEvent>, AsyncDisposable, Disposable {
  /** The events from now on. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ToolRunEvent>;
  /** The text of all steps, piece by piece. */
  text(): AsyncIterableIterator<string>;
  /** The last completion, once the run is over. */
  final(): Promise<ChatCompletion>;
  /** The whole conversation so far. However the run ends, each tool call in it has exactly one result, so that the conversation can be sent again. */
  readonly messages: ChatMessage[];
  /** The turns so far. */
  readonly steps: readonly ToolStep[];
  /** The sum of the settlements of all calls. Each call is also settled by itself. Never rejects. */
  readonly settled: Promise<Settlement>;
  /** Ends the run. */
  abort(reason?: unknown): void;
  /** Resolves when the run is over, and rejects as {@link ToolRun.final} does. */
  done(): Promise<void>;
  /** {@link ToolRun.final} under its name in the `openai` package. */
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

/** The result of `chat.completions.stream`: one streamed answer, as an iterable of chunks and with the `openai` package's events. Leaving its loop closes the socket. */
export interface ChatCompletionStream<T = any> extends Omit<ToolRun, typeof Symbol.asyncIterator | "final" | "finalChatCompletion" | "finalMessage" | "on" | "once" | "off"> {
  /** Listens to an event by its name in the `openai` package; docs/migrate.md lists those that there are. */
  on(type: string, listener: (...given: any[]) => void): this;
  /** The same, for the first time it happens. */
  once(type: string, listener: (...given: any[]) => void): this;
  /** Takes a listener back. */
  off(type: string, listener: (...given: any[]) => void): this;
  /** The chunks of the answer. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ChatCompletionChunk>;
  /** The whole answer. */
  final(): Promise<ParsedCompletion<T>>;
  /** The same under its name in the `openai` package. */
  finalChatCompletion(): Promise<ParsedCompletion<T>>;
  /** The answer's message. */
  finalMessage(): Promise<ParsedCompletion<T>["choices"][number]["message"]>;
}

// ---------------------------------------------------------------- embeddings

/** The body of an embeddings request. Keys that are not listed are sent unchanged; with {@link WithExtra} they compile. */
export interface EmbeddingCreateParams {
  /** `org/name`, or `org/name:provider` for deepinfra, together and scaleway. Default: the client's `model`. */
  model?: string;
  /** One text or many. Token ids are accepted only if the server's API takes them, and refused otherwise with a {@link ConfigError}. */
  input: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  /** An id of your end user. */
  user?: string;
  /** The length of the vectors, for models that can shorten them. */
  dimensions?: number;
  /** The form of the vectors. Absent: `Float32Array`. `"float"`: `number[]`. `"base64"`: little-endian 32-bit floats. */
  encoding_format?: "float" | "base64";
  /** Hugging Face's feature extraction: whether vectors are scaled to the length 1. */
  normalize?: boolean | null;
  /** The name of the model's prompt that is put before each input, such as `"query"`. */
  prompt_name?: string | null;
  /** Whether inputs that are too long are cut instead of refused. */
  truncate?: boolean | string | null;
  /** The end that is cut. */
  truncation_direction?: "left" | "right" | "Left" | "Right" | null;
  /** vLLM: the number of tokens to which inputs are cut. */
  truncate_prompt_tokens?: number | null;
  /** The kind of inputs, such as `"query"` or `"passage"`, for models that tell them apart. */
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

/** Embeddings in the order of the inputs, whatever the form of the server's answer. */
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
  /** The sum over all batches. */
  usage: {
    /** Tokens of the inputs. */
    prompt_tokens: number;
    /** The same number. */
    total_tokens: number;
    /** Whether the server reported the tokens, or they are an estimate. */
    source: "reported" | "estimated";
  };
}

// ---------------------------------------------------------------- reranking

/** The body of a request for reranking. Keys that are not listed are sent unchanged. */
export interface RerankCreateParams {
  /** `org/name`. Default: the client's `model`. */
  model?: string;
  /** The query that the documents should answer. */
  query: string;
  /** The documents, at least one. */
  documents: readonly string[];
  /** How many of the best documents are returned. Default: all. */
  top_n?: number | null;
  /** Whether documents that are too long are cut instead of refused. */
  truncate?: boolean | string | null;
}

/** Documents, sorted by how well they answer the query. */
export interface RerankResponse {
  /** Always `"list"`. */
  object: "list";
  /** The model that answered, the one asked for where the server doesn't say. */
  model: string;
  /** The best first. */
  results: {
    /** The index of the document, from 0. */
    index: number;
    /** The server's score, usually from 0 to 1; higher is better. */
    relevance_score: number;
  }[];
  /** The sum over all batches. */
  usage: {
    /** Tokens of the query with each document. */
    prompt_tokens: number;
    /** The same number. */
    total_tokens: number;
    /** Whether the server reported the tokens, or they are an estimate. */
    source: "reported" | "estimated";
  };
}

// ---------------------------------------------------------------- models

/**
 * Which candidates may answer a call, in what order, and when the next one is asked. The body's model is one candidate, and `models` adds others. Behind
 * Hugging Face's router every live offer in the catalogue that fits the route is a candidate, pinned as `org/name:provider`, so that its provider and price are known
 * even in a page that can't read the response's headers.
 *
 * The next candidate is asked at once if one fails before the first byte has reached the caller: by a lost connection, a connect timeout, a 402 with
 * no other key, 408, 425, 429, 5xx, or 400 or 404 with the code `model_not_supported` or `model_not_found`. The failed candidate is asked last for the next 30 s
 * (after a 429: for the time in `Retry-After`), and so is a candidate whose answer broke off. A candidate whose server has asked for a pause is skipped, which
 * doesn't count as an attempt. The call pauses only once all candidates have failed.
 *
 * With a {@link HuggingFaceOptions.budget}, the price of the most expensive candidate is reserved and the price of the one that answered is charged (a candidate that timed out is charged for its prompt). A
 * candidate without a known price is not asked. Embeddings, and base URLs other than the router, know only `models` and `sticky`; all embeddings of one call come from the same model.
 *
 * @example
 * { models: ["org/other"], sort: "cost", has: ["tools"], maxPrice: { outputPerMillion: 2 } }
 */
export interface Route {
  /** Models that are asked after the body's own, in this order: `org/name` or `org/name:provider`. At most 32. */
  models?: readonly string[];
  /** Providers that are asked first, in this order; the others follow. */
  order?: readonly string[];
  /** The only providers that may be asked. */
  only?: readonly string[];
  /** Providers that are not asked. */
  ignore?: readonly string[];
  /** The order of the other providers: by price (3 parts prompt, 1 part answer), by tokens per second, or by time to the first token. Default: the router's own order, the fastest first. */
  sort?: "cost" | "tps" | "ttft";
  /** Abilities that an offer must have, according to the catalogue. */
  has?: readonly ("tools" | "structured-output" | "vision")[];
  /** The highest price, in USD per million tokens. An offer without a known price doesn't fit. */
  maxPrice?: {
    /** The highest price of the prompt. */
    inputPerMillion?: number;
    /** The highest price of the answer. */
    outputPerMillion?: number;
  };
  /** The longest time to the first token in ms, according to the catalogue. */
  maxFirstTokenMs?: number;
  /** The lowest number of tokens per second, according to the catalogue. */
  minThroughput?: number;
  /** The shortest context length, in tokens. */
  minContext?: number;
  /**
   * The name of a conversation. Calls with the same name go to the provider that last answered one of them, since its prompt cache holds the conversation, as long as that provider is live and fits. The
   * provider is forgotten when it fails, and an hour after its last answer. A client remembers 1,000 conversations.
   */
  sticky?: string;
}

/** A candidate that failed. */
export interface Tried {
  /** The model as the body or the route named it. */
  model: string;
  /** The provider, if known. */
  provider: string | null;
  /** HTTP status; `null` if there was no response. */
  status: number | null;
  /** The class of its error, such as `RateLimitError`. */
  error: string;
  /** Ms from its first request to its failure. */
  durationMs: number;
}

/** An offer of a model as a route judges it. */
export type RouteOffer = Model["providers"][number] & {
  /** The model string that asks for this offer: `org/name:provider`. */
  model: string;
  /** The field of the route that rules the offer out; `"status"`: the offer is not live; `"model"`: the model's name pins another provider; `null`: the offer may be asked. */
  leftOut: string | null;
  /** Whether the offer has just failed and is therefore asked after the others. */
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
  /** The kinds of input that the model reads: `"text"`, `"image"`, … */
  input_modalities?: string[];
  /** The providers that serve the model. A missing price is unknown, not free. */
  providers: {
    /** The provider's name, as written after the colon of a model name. */
    provider: string;
    /** `"live"`, `"error"` or another word of the catalogue. */
    status: string;
    /** The length of the context, in tokens. */
    contextLength?: number;
    /** The price, if the catalogue has one. */
    pricing?: {
      /** USD per one million tokens of the prompt. */
      inputPerMillion: number;
      /** USD per one million tokens of the answer. */
      outputPerMillion: number;
    };
    /** Whether the catalogue calls it free. */
    isFree?: boolean;
    /** Whether the provider accepts `tools`. */
    supportsTools?: boolean;
    /** Whether the provider accepts a JSON schema in `response_format`. */
    supportsStructuredOutput?: boolean;
    /** Ms to the first token, as the router measured it. */
    firstTokenLatencyMs?: number;
    /** Tokens per second, as the router measured it. */
    throughput?: number;
  }[];
}

/** The models on Hugging Face's provider page, with its groups. The router no longer serves many of them; `models.list()` returns those that it serves. */
export const MODELS: readonly {
  /** `org/name`. */
  id: string;
  /** The page's heading for the model. */
  group: "text-generation" | "large" | "instruct";
  /** The purpose of the model: only conversational models answer chat requests. */
  task: "conversational" | "text-generation";
  /** The client's function for this model: `hf.chat.completions` or `hf.completions`. */
  call: "chat.completions" | "completions";
}[];

// ---------------------------------------------------------------- ledger

/**
 * The record of one call. There is exactly one for each `create()` with valid arguments, however the call ends. A call that a limit or the budget refused is settled
 * too (outcome `"error"`, 0 attempts, key `""`).
 */
export interface Settlement {
  /** How the call ended. `"ok"`: the answer is complete; `"aborted"`: by break, abort or a signal; `"truncated"`: the stream was cut off; `"error"`: everything else. */
  outcome: "ok" | "aborted" | "truncated" | "error";
  /** The finish reason of choice 0, if one arrived. */
  finishReason: FinishReason | null;
  /** The call's own `metadata`. */
  metadata: unknown;
  /** The kind of call; `"responses"` occurs only in a gateway. */
  kind: "chat" | "completion" | "embeddings" | "rerank" | "responses";
  /** The requested model; for a call with {@link Route.models} the one that was asked last. */
  model: string;
  /**
   * The provider. At the router, or a server whose catalogue lists it, it is the one pinned in the model's name (`org/name:provider`); otherwise the one in the
   * `x-inference-provider` header (which browsers can't read), or `null`.
   */
  provider: string | null;
  /** The label of the key that was used, like `huggingface-1f3a…`; never the key itself. */
  key: string;
  /**
   * The tokens as the server reported them, otherwise an estimate from what was sent and delivered. If the end of the answer didn't arrive, prompt and answer are each
   * the larger of the report and the estimate.
   */
  usage: Usage & {
    /** Whether the server counted, or hfetch estimated. */
    source: "reported" | "estimated";
    /** A reported count that can't be right (no number, below 0, more or less than the answer can have). All counts are then estimates. */
    doubt?: "prompt_tokens" | "completion_tokens" | "total_tokens";
  };
  /** Usage × price. */
  cost: Cost;
  /** The number of requests that were sent, including retries. */
  attempts: number;
  /** For a call with a {@link Route}: the candidates that failed before the one that answered, oldest first; otherwise empty. */
  tried: Tried[];
  /** The `x-request-id` of the last response. */
  requestId: string | null;
  /** When the call began, in ms since the epoch. */
  startedAt: number;
  /** Ms from the start to the first token; `null` if none came. */
  firstTokenMs: number | null;
  /** Ms from the start to the end, including waits and retries. */
  durationMs: number;
}

/** A cost in USD. `null` means that the price is unknown; an unknown cost is never 0. */
export interface Cost {
  /** The total. */
  usd: number | null;
  /** The cost of the prompt. */
  inputUsd: number | null;
  /** The cost of the answer. */
  outputUsd: number | null;
  /**
   * Where the cost comes from. `"reported"`: the server reported it (`usage.cost`, `usage.estimated_cost`), which wins over any price; `inputUsd` and `outputUsd` are then `null`.
   * `"configured"`: from the option `pricing`. `"live"`: from the catalogue's price for the provider that answered. `"live-max"`: the provider is unknown, so the price is that of the most expensive live offer.
   * Except for reported costs, tokens from a cache count at the full price, since the catalogue has no other; the real cost may be lower.
   */
  source: "reported" | "configured" | "live" | "live-max" | "unknown";
}

/** The result of `HuggingFace.snapshot()`. */
export interface ClientSnapshot {
  /** The keys, by their labels. */
  keys: {
    /** The label, as in settlements. */
    key: string;
    /** The number of requests sent with the key. */
    requests: number;
    /** The tokens that these requests used. */
    tokens: number;
    /** Requests within the last 60 seconds. */
    requestsLastMinute: number;
    /** Tokens within the last 60 seconds, including reserved ones. */
    tokensLastMinute: number;
    /** Requests in this calendar month, UTC. */
    requestsThisMonth: number;
    /** `"limited"`: a limit of this client holds the key back; `"cooling"`: the server has refused it, and it rests; `"disabled"`: the server said that it isn't valid, and it is set aside for ten minutes. */
    state: "ready" | "limited" | "cooling" | "disabled";
    /** When the key is ready again, in ms since the epoch; `null`: it is ready, or nobody knows. If no other key is left, it is tried before that time. */
    readyAt: number | null;
  }[];
  /** Sums over all settlements. */
  spend: {
    /** The known costs in USD. */
    usd: number;
    /** The number of settlements whose cost is unknown. */
    unpriced: number;
    /** The number of settlements. */
    requests: number;
    /** Tokens of all prompts. */
    promptTokens: number;
    /** Tokens of all answers. */
    completionTokens: number;
  };
  /** Calls that are running. */
  inFlight: number;
  /** Calls that wait for a limit. */
  queued: number;
}

/**
 * Counts limits and budgets. The client calls `reserve` before a request and `settle` after it.
 *
 * A part of a reservation belongs to one scope that has limits: a key (`"key:<label>"`), a user of a gateway, or a budget. A reservation takes all
 * parts or none. If the store throws, the request fails: limits that can't be read are not ignored.
 */
export interface LimitStore {
  /**
   * Counts one request, `tokens` and `usd` in every part; or says which part refused, and for how many ms. `now` is the caller's wall clock in ms since the epoch. If
   * several hosts share the store, it should trust its own clock more. A part's `pause` names a second scope, that of a key for one model: nothing is counted in it,
   * and while it is blocked, the part refuses with `"blocked"`. A part's `lasts` is the time, in ms since the epoch, after which the scope (a ticket's) isn't used any
   * more: the store may then forget it, whatever it has counted.
   */
  reserve(request: {
    parts: { scope: string; pause?: string; lasts?: number; tokens: number; usd: number; limits: Limits; budget: Budget | null }[];
    now: number;
  }): Promise<StoreReservation | StoreRefusal>;
  /** Replaces what was reserved with what was used. */
  settle(reservation: string, actual: { tokens: number; usd: number; now: number }): Promise<void>;
  /** Gives a reservation back, because nothing was sent. */
  release(reservation: string): Promise<void>;
  /**
   * Says that the reservation's request is still running. The client calls this every two minutes, so that a store can give up reservations that it hasn't heard of (for ten minutes, say).
   * A reservation that the store gives up may have been spent: count it as spent, and replace it with what was used if it is settled after all.
   */
  renew?(reservation: string, word: { now: number }): Promise<void>;
  /**
   * Lets nothing through for this scope, or for parts with this pause, before `until` (ms since the epoch), because a server asked for that. `until` is at most 15 minutes
   * ahead; if it seems later, a clock is wrong.
   */
  block(scope: string, until: number): Promise<void>;
}

/** The answer of a store that has let the request through. */
export interface StoreReservation {
  /** The request may be sent. */
  ok: true;
  /** The reservation's name, for `settle` and `release`. */
  reservation: string;
  /** The amounts that are left of the parts' limits, if the store tells. */
  quotas?: StoreQuota[];
}

/** The amount that is left of one limit of a part. */
export interface StoreQuota {
  /** The part's scope. */
  scope: string;
  /** The limit. */
  reason: "requests" | "tokens" | "month";
  /** How much the limit allows in its window. */
  limit: number;
  /** How much of it is left. */
  remaining: number;
  /** Ms until some of it is free again. */
  reset: number;
}

/** The answer of a store that has refused the request. Nothing was counted in any part. */
export interface StoreRefusal {
  /** The request may not be sent. */
  ok: false;
  /** The scope of the part that refused. */
  scope: string;
  /**
   * Ms until the request fits, if nothing else is reserved meanwhile; `Infinity`: it never fits. With `"tokens"` and `"concurrent"` a running call may have to end
   * first; this is then the shortest possible wait, 0 if nothing else is in the way.
   */
  retryAfter: number;
  /** The limit that refused; `"blocked"`: a server has asked for a pause. */
  reason: "requests" | "tokens" | "month" | "budget" | "concurrent" | "blocked";
  /** The amounts that are left of the parts' limits, if the store tells. */
  quotas?: StoreQuota[];
}

/**
 * A {@link LimitStore} in `localStorage` or `sessionStorage`: limits and budget survive page loads and apply to all tabs of an origin.
 * @param storage the storage.
 * @param name the name of the entry in it, default `"hfetch"`.
 */
export function storageStore(
  storage: { getItem(key: string): string | null; setItem(key: string, value: string): void; removeItem(key: string): void },
  name?: string,
): LimitStore;

// ---------------------------------------------------------------- pure logic, callable without a client or a network

/**
 * Estimates tokens by the text's length, with a weight for each script; at least 1 for every text except `""`. For messages, roles and separators count too. An
 * image or audio counts 1000 tokens and a video 5000, whatever the size; a file counts by its text if that can be read, and otherwise 1000.
 * @throws {ConfigError} if the input is neither a string nor messages.
 */
export function estimateTokens(input: string | readonly ChatMessage[]): number;

/** The cost of a usage in USD. @throws {ConfigError} if a count or a rate is not a number of at least 0. */
export function cost(usage: { prompt_tokens?: number; completion_tokens?: number }, pricing: Pricing): Cost;

/**
 * How long to wait before the next attempt, in ms; `null`: make no further attempt.
 *
 * Reads `Retry-After` (seconds or a date), `Retry-After-Ms`, `RateLimit`, `x-ratelimit-*` and `X-Should-Retry: false` from `headers`, and `estimated_time` from the body of a 503. After a 429 that doesn't say how long to wait, the result is at least a second, though never more than `maxDelay`.
 * @param failure `attempt`: the number of the failed attempt, from 1. Without a `status` the connection was lost. `random`: from 0 to below 1, default `Math.random()`. `now`: ms since the epoch, default `Date.now()`.
 */
export function retryDelay(
  failure: { status?: number; headers?: Headers | Record<string, string>; body?: unknown; attempt: number; random?: number; now?: number },
  policy?: RetryPolicy,
): number | null;

/** The answer of a {@link RateLimiter} that has let the request through. */
export interface Reservation {
  /** The request may be sent. */
  ok: true;
  /** The reservation's number, for `settle` and `release`. */
  reservation: number;
}

/** The answer of a {@link RateLimiter} that has refused the request. */
export interface Refusal {
  /** The request may not be sent. */
  ok: false;
  /**
   * Ms until the request fits, if nothing else is reserved meanwhile; `Infinity`: it never fits. With `"tokens"` and `"concurrent"` a running call may have to end
   * first; this is then the shortest possible wait, 0 if nothing else is in the way.
   */
  retryAfter: number;
  /** The limit that refused. */
  reason: "requests" | "tokens" | "month" | "concurrent";
}

/**
 * The rate limiter that a client uses, without a clock and timers of its own.
 *
 * All it knows about time is `now`, in ms since the epoch. A step forward counts as passed time. A step backward counts as no time; if it is longer than a minute, time goes on from
 * the new reading. So a clock that is set ahead, by hours or years, frees the counts of one minute once, and a clock that is set back blocks for at most a minute. Months follow the
 * calendar in both directions: a month to which the clock returns is as full as before.
 *
 * @example
 * ```ts
 * const limiter = new RateLimiter({ requestsPerMinute: 60 });
 * const answer = limiter.reserve(500, Date.now());
 * if (answer.ok) limiter.settle(answer.reservation, 320, Date.now());
 * else console.log(`wait ${answer.retryAfter} ms for the limit of ${answer.reason}`);
 * ```
 */
export class RateLimiter {
  /** @throws {ConfigError} if a limit is not a number of at least 0. */
  constructor(limits: Limits);
  /**
   * Counts one request for the next 60 seconds, and holds `tokens` until `settle` or `release`; the used tokens then count for the rest of the 60 seconds.
   * @returns a reservation, or how long to wait.
   */
  reserve(tokens: number, now: number): Reservation | Refusal;
  /** Replaces the reserved tokens with those that were used. */
  settle(reservation: number, actualTokens: number, now: number): void;
  /** Gives a reservation back, because nothing was sent. */
  release(reservation: number): void;
  /** The whole state as plain data, including open reservations. */
  toJSON(): unknown;
  /** Restores a limiter from `toJSON`. @throws {ConfigError} if the state doesn't come from `toJSON`. */
  static fromJSON(state: unknown, limits: Limits): RateLimiter;
}

/** One server-sent event. */
export interface SseEvent {
  /** The event's name; `"message"` if it has none. */
  event: string;
  /** The event's data, its lines joined by line feeds. */
  data: string;
  /** The last id in the stream so far, `""` before the first. */
  id: string;
}

/**
 * Parses event streams of any kind (WHATWG standard) from bytes, wherever these are split.
 *
 * @example
 * ```ts
 * const decoder = new SseDecoder();
 * for await (const bytes of response.body) {
 *   for (const { event, data } of decoder.push(bytes)) console.log(event, data);
 * }
 * ```
 */
export class SseDecoder {
  /** `maxEventBytes`: the longest accepted event, default 16 MiB. */
  constructor(options?: { maxEventBytes?: number });
  /**
   * Returns the events that these bytes complete. As in the standard, an event without data is left out.
   * @throws {StreamError} if an event is longer than `maxEventBytes`.
   * @throws {ConfigError} if the argument is not a `Uint8Array`, or comes after `end()`.
   */
  push(bytes: Uint8Array): SseEvent[];
  /** Ends the input. As in the standard, an event without its blank line is dropped. (A {@link ChatStream} accepts it.) */
  end(): void;
}

// ---------------------------------------------------------------- errors

/**
 * The base of all errors that this package throws. No message or property contains a key (of 8 characters or more; a placeholder such as `"none"` doesn't count).
 * The stack begins where the call was made.
 *
 * An error of exactly this class whose `cause` is a `WebAssembly.RuntimeError` is an internal fault (or memory could not grow). It has ended one
 * call, which is settled as `"error"`; other calls go on.
 */
export class HfetchError extends Error {
  /** The class name. */
  readonly name: string;
  /** Advice for the developer, if there is any; `message` says what happened. */
  readonly hint: string | null;
  /** For a call with a {@link Route}: the candidates that failed, if any, oldest first. */
  readonly tried?: readonly Tried[];
}

/** Options, config or arguments are wrong. No request was sent. Such a call is settled only if a live price turned out to be unknown. */
export class ConfigError extends HfetchError {
  /** The field that is wrong, like `limits.requestsPerMinute`. */
  readonly path: string | null;
}

/**
 * The request failed. An error of exactly this class has a status without a class of its own, or is a 200 whose body isn't the expected object or reports a failure.
 * The names and fields are those of the `openai` package, with a few more.
 */
export class APIError extends HfetchError {
  /** HTTP status; `undefined` if there was no response. */
  readonly status: number | undefined;
  /** Response headers; `undefined` if there was no response. */
  readonly headers: Headers | undefined;
  /** The `x-request-id` header. */
  readonly requestId: string | null;
  /** `error.code` of the body, like `model_not_supported`. */
  readonly code: string | null;
  /** `error.type` (or `error_type`) of the body. */
  readonly type: string | null;
  /** `error.param` of the body. */
  readonly param: string | null;
  /** {@link APIError.requestId} under its name in the `openai` package. */
  readonly requestID: string | null;
  /** `error` in the body if there is one, otherwise the body. */
  readonly error: unknown;
  /** The whole body, parsed if it is JSON; keys are redacted. */
  readonly body: unknown;
  /**
   * The part of a failed answer that arrived: of a whole answer that reports a failure, and of the streams that end in the classes below. For a call of
   * `completions.create`, which this type doesn't know apart, each choice has its `text` instead of a `message`.
   */
  readonly partial?: PartialCompletion | null;
  /** Whether the same request may succeed later. (The name isn't `retryable`: workerd drops the connection after an uncaught error with a property of that name.) */
  readonly isRetryable: boolean;
  /** After how many ms the server said a retry makes sense. */
  readonly retryAfter: number | null;
  /** How many requests were sent for this call; 0 if the server had asked for a pause before. */
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
/** 409: the request conflicts with the state of the server. */
export class ConflictError extends APIError {}
/** 413 and 422: too long, or not accepted by the model's server. */
export class UnprocessableEntityError extends APIError {}
/**
 * 429: too many requests. A call also fails with this error if it begins during a pause that a server has asked for (by 429, 503, or a spent `RateLimit` header)
 * and the pause is longer than `retry.maxDelay`, or retry is off. Nothing is sent then, and `retryAfter` is what is left of the pause.
 */
export class RateLimitError extends APIError {}
/** 503: the server says that it is still loading the model. */
export class ModelLoadingError extends APIError {
  /** Ms until the model is ready, by the server's own estimate. */
  readonly estimatedTime: number | null;
}
/** Any other 5xx. */
export class InternalServerError extends APIError {}
/** There was no response, or none that could be read, or the key function failed. `cause` is what was thrown. */
export class APIConnectionError extends APIError {}
/** A timeout ended the call: one of this client's, or the runtime's own, which the message names. */
export class APIConnectionTimeoutError extends APIConnectionError {
  /** The phase; `"connect"` is the wait for the response headers (`timeout.headers`). */
  readonly phase: "connect" | "idle" | "total";
  /** The part of the answer that the stream had delivered. */
  readonly partial: PartialCompletion | null;
}
/** The caller ended the call. `cause` is the signal's reason, or the one given to `abort()`. */
export class APIUserAbortError extends APIError {
  /** The part of the answer that the stream had delivered. */
  readonly partial: PartialCompletion | null;
}
/** A stream contains an error in the server's words, a broken event, or `[DONE]` without an answer. */
export class StreamError extends APIError {
  /** The part of the answer that the stream had delivered before. */
  readonly partial: PartialCompletion | null;
}
/** A stream ended, or its connection was lost, without `[DONE]` and without a finish_reason for each choice. */
export class StreamTruncatedError extends StreamError {}
/** A limit of this client, set by its options or its store, refused the call. Nothing was sent. */
export class LimitExceededError extends HfetchError {
  /** Ms until the request fits, if nothing else is sent meanwhile; `Infinity`: it never fits. With `"tokens"` and `"concurrent"` it is 0 if only running calls are in the way. */
  readonly retryAfter: number;
  /** The limit: `"requests"`, `"tokens"`, `"month"`, `"concurrent"` or `"budget"`; `"blocked"`: your own store refused for another reason; `"store"`: it gave no answer. */
  readonly reason: string;
  /** Whose limit it is: a key's (`"key:<label>"`), the client's (`"client:<id>"`) or the budget's (`"budget:<id>"`); `null` if none of them refused. */
  readonly scope: string | null;
}
/** An answer is not the requested JSON, was cut off before it was complete, or a tool's arguments can't be used. */
export class StructuredOutputError extends HfetchError {
  /** The mistakes, each with its place. */
  readonly issues: readonly {
    /** The problem in the validator's words. */
    message: string;
    /** The names and indices that lead to the value, from the outside in. */
    path: readonly (string | number)[];
  }[];
  /** The text of the answer as it arrived. */
  readonly text: string;
  /** The JSON as far as it goes, not checked; `null` if there is none. */
  readonly partial: unknown;
  /** `"length"` or `"content_filter"`: the answer was cut off. */
  readonly finishReason: FinishReason | null;
}
/** The budget refused the call. Nothing was sent. */
export class BudgetExceededError extends LimitExceededError {
  /** USD spent and reserved in this window. */
  readonly spentUsd: number;
  /** USD allowed in one window. */
  readonly budgetUsd: number;
}

/**
 * The functions that `hfetch/gateway` imports from the client. They aren't part of the contract and change without notice.
 * @internal
 */
export const internals: unknown;
/**
 * The same for `hfetch/ai-sdk`.
 * @internal
 */
export const sdkInternals: unknown;
