/**
 * `hfetch/ai-sdk`: Hugging Face for the AI SDK (https://ai-sdk.dev), version 7, with this package's keys, limits, budgets, retries and ledger underneath.
 * It needs nothing of the SDK's to run.
 *
 * @example
 * ```ts
 * import { generateText } from "ai";
 * import { huggingface } from "hfetch/ai-sdk";
 *
 * const { text } = await generateText({ model: huggingface("meta-llama/Llama-3.1-8B-Instruct"), prompt: "Hello" });
 * ```
 *
 * @packageDocumentation
 */
import type { ChatMessage, Cost, HuggingFace, HuggingFaceOptions, RequestOptions, Settlement } from "./hfetch.js";

// The platform's own, whichever library declares them.
declare global {
  interface Response {}
}

/**
 * A language model of the SDK's specification V4, which `generateText`, `streamText`, `ToolLoopAgent`, `wrapLanguageModel` and others take. They call its
 * methods; a program has no need to.
 *
 * `providerOptions.huggingface` is merged into the body as it is; `providerOptions.hfetch` is a {@link CallOptions}. `providerMetadata.hfetch` is
 * {@link CallMetadata}. A stream that was cut ends with the finish reason `"interrupted"`. Errors are this package's own, and carry the SDK's
 * symbols, so that `APICallError.isInstance(error)` holds; their `isRetryable` is false, since the client has tried again already.
 */
export interface LanguageModel {
  /** The specification's version. */
  readonly specificationVersion: "v4";
  /** `"huggingface.chat"` or `"huggingface.completion"`. */
  readonly provider: string;
  /** As it was asked for. */
  readonly modelId: string;
  /** Addresses of these are handed to the model; the SDK downloads any others. */
  readonly supportedUrls: Record<string, RegExp[]>;
  /** The whole answer. */
  doGenerate(options: any): PromiseLike<any>;
  /** The answer as it is written. */
  doStream(options: any): PromiseLike<any>;
}

/** An embedding model of the SDK's specification V4, for `embed` and `embedMany`. The client makes requests of bounded count and bytes of what it is given. */
export interface EmbeddingModel {
  /** The specification's version. */
  readonly specificationVersion: "v4";
  /** `"huggingface.embedding"`. */
  readonly provider: string;
  /** As it was asked for. */
  readonly modelId: string;
  /** Values in one call. */
  readonly maxEmbeddingsPerCall: number;
  /** Whether several calls may be under way. */
  readonly supportsParallelCalls: boolean;
  /** The vectors. */
  doEmbed(options: any): PromiseLike<any>;
}

/** A reranking model of the SDK's specification V4, for `rerank`: hf-inference's on the router, `/rerank` of another server. */
export interface RerankingModel {
  /** The specification's version. */
  readonly specificationVersion: "v4";
  /** `"huggingface.reranking"`. */
  readonly provider: string;
  /** As it was asked for. */
  readonly modelId: string;
  /** The order, best first. */
  doRerank(options: any): PromiseLike<any>;
}

/** What `providerOptions.hfetch` may hold: options of one call. `headers` and `abortSignal` are the SDK's own. */
export type CallOptions = Omit<RequestOptions, "signal" | "headers">;

/** What `providerMetadata.hfetch` holds. */
export interface CallMetadata {
  /** What it cost in USD, `null` where the price is unknown. */
  costUsd: number | null;
  /** Where that comes from. */
  costSource: Cost["source"];
  /** Who answered, where that is known. */
  provider: string | null;
  /** The `x-request-id` of the response. */
  requestId: string | null;
  /** Label of the key that was used. */
  key: string;
  /** Requests sent for it, retries included. */
  attempts: number;
  /** Who was asked before and failed, oldest first. */
  tried: object[];
}

/** A provider of the SDK's specification V4, for `createProviderRegistry` and `customProvider` too. Called, it gives a language model. */
export interface HuggingFaceProvider {
  /** A language model: `"org/name"`, with `:provider`, `:fastest` or `:cheapest` behind it if wanted. */
  (modelId: string): LanguageModel;
  /** The specification's version. */
  readonly specificationVersion: "v4";
  /** The same as calling the provider. */
  languageModel(modelId: string): LanguageModel;
  /** The same, as other providers name it. */
  chatModel(modelId: string): LanguageModel;
  /** A model that goes on with a text: `hf.completions` of the client. A prompt alone is sent as it is, a conversation as a transcript. */
  completionModel(modelId: string): LanguageModel;
  /** Text in, vectors out: `"org/name"`, or `"org/name:provider"`. */
  embeddingModel(modelId: string): EmbeddingModel;
  /** The same, as other providers name it. */
  textEmbeddingModel(modelId: string): EmbeddingModel;
  /** Scores documents by a query: `"BAAI/bge-reranker-v2-m3"`. */
  rerankingModel(modelId: string): RerankingModel;
  /** There is none: throws the SDK's `NoSuchModelError`. */
  imageModel(modelId: string): never;
  /** The client underneath, with its limits, keys and spend. */
  readonly client: HuggingFace;
}

/**
 * Makes a provider from the client's options, or on a client that there is. In a page the client is that of the entry which the page has
 * loaded beside this one, `hfetch/web` or `hfetch`; with `hfetch/web`, or with none, options are checked with the first call.
 * @throws {ConfigError} an option is wrong.
 */
export function createHuggingFace(options?: HuggingFaceOptions | HuggingFace): HuggingFaceProvider;

/** A provider with the key of the environment's `HF_TOKEN`, made on first use. */
export const huggingface: HuggingFaceProvider;

/** A message of useChat's, as a page sends it: the SDK's `UIMessage`, of which only this is looked at. */
export interface UIMessage {
  /** Whose it is. */
  readonly role: "system" | "user" | "assistant";
  /** What it consists of; the SDK's types name what each has. */
  readonly parts: readonly {
    /** Which kind of part it is. */
    readonly type: string;
  }[];
}

/**
 * useChat's messages as the messages of `hf.chat.completions.create()`. Texts, files (links and data URLs), reasoning (under the name by which it came),
 * and calls of tools with what came of them; each step of an assistant's message is a turn. What a model has no use for (sources, data parts) is left out.
 * A call that has no result, in a conversation that went on, is answered as not carried out: servers refuse it otherwise.
 * A page can send what it likes, results of tools and system messages among it: what must hold stands in a message that the server puts first.
 *
 * @throws {ConfigError} a message or a part is not as useChat makes it; `path` names it, like `messages[2].parts[0].url`.
 */
export function fromUIMessages(messages: readonly UIMessage[]): ChatMessage[];

/** What {@link UIMessageStreamInit.messageMetadata} is told. */
export type UIMessageStreamPart =
  | {
      /** The message begins. */
      type: "start";
    }
  | {
      /** It is over. */
      type: "finish";
      /** Why the answer ended; `"interrupted"` where it was cut. */
      finishReason: "stop" | "length" | "content-filter" | "tool-calls" | "error" | "interrupted" | "other";
      /** Tokens, as the SDK names them. */
      totalUsage: {
        /** Of what was sent. */
        inputTokens: number | undefined;
        /** Of the answer. */
        outputTokens: number | undefined;
        /** Both together. */
        totalTokens: number | undefined;
      };
      /** The call's settlement; of a run of tools the sum. Absent where the source has none. */
      settlement: Settlement | undefined;
    };

/** How {@link toUIMessageStreamResponse} answers. */
export interface UIMessageStreamInit {
  /** Status of the response. Default: 200. */
  status?: number;
  /** Its text. */
  statusText?: string;
  /** Further headers; one of the protocol's own that is given here replaces it. */
  headers?: Headers | Record<string, string> | [string, string][];
  /** The words that the page is told of an error, of the call or of a tool. Default, and where it gives none: words by the kind of error that quote nothing of it. */
  onError?: (error: any) => string | undefined;
  /** What the page finds as the message's `metadata`. Default: model, provider, usage, cost, durations and request id of the settlement. */
  messageMetadata?: (of: { part: UIMessageStreamPart }) => unknown;
  /** The conversation so far: if its last message is the assistant's, the answer goes on with that one's id. */
  originalMessages?: readonly {
    /** The message's id. */
    readonly id: string;
    /** Whose it is. */
    readonly role: string;
  }[];
  /** Makes the id of a new message. Default: the page makes one. */
  generateMessageId?: () => string;
  /** Whether the page gets the model's reasoning. Default: `true`. */
  sendReasoning?: boolean;
  /** Whether the message's beginning is sent. Default: `true`. */
  sendStart?: boolean;
  /** Whether the message's end is sent. Default: `true`. */
  sendFinish?: boolean;
}

/**
 * An answer as useChat reads it, on a server without the `ai` package. Takes a ChatStream or a run of tools, or the promise of one, whose error then is
 * told to the page. Whoever stops reading ends the call: its socket is closed and it is settled.
 *
 * @example
 * ```ts
 * import { HuggingFace } from "hfetch";
 * import { fromUIMessages, toUIMessageStreamResponse } from "hfetch/ai-sdk";
 *
 * export default {
 *   async fetch(request: Request, env: { HF_TOKEN: string }) {
 *     const hf = new HuggingFace({ apiKey: env.HF_TOKEN });
 *     const { messages } = (await request.json()) as { messages: any[] };
 *     const model = "meta-llama/Llama-3.1-8B-Instruct";
 *     return toUIMessageStreamResponse(hf.chat.completions.create({ model, messages: fromUIMessages(messages), stream: true }));
 *   },
 * };
 * ```
 * @throws {ConfigError} `source` is neither a stream nor a promise.
 */
export function toUIMessageStreamResponse(source: AsyncIterable<unknown> | PromiseLike<AsyncIterable<unknown>>, init?: UIMessageStreamInit): Response;
