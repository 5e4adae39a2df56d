/**
 * `hfetch/ai-sdk`: Hugging Face for the AI SDK (https://ai-sdk.dev), version 7, with this package's keys, limits, budgets, retries and ledger.
 * It imports nothing from the SDK.
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

// The platform's own type, whichever library declares it.
declare global {
  interface Response {}
}

/**
 * A language model with the SDK's specification V4, for `generateText`, `streamText`, `ToolLoopAgent`, `wrapLanguageModel` and others. The SDK calls its
 * methods; programs don't need to.
 *
 * `providerOptions.huggingface` is merged into the body unchanged; `providerOptions.hfetch` is a {@link CallOptions}; `providerMetadata.hfetch` is a
 * {@link CallMetadata}. A stream that was cut off ends with the finish reason `"interrupted"`. Errors are this package's own and carry the SDK's
 * symbols, so that `APICallError.isInstance(error)` is true. Their `isRetryable` is false, since the client has already retried.
 */
export interface LanguageModel {
  /** The specification's version. */
  readonly specificationVersion: "v4";
  /** `"huggingface.chat"` or `"huggingface.completion"`. */
  readonly provider: string;
  /** The requested model. */
  readonly modelId: string;
  /** URLs that the model's server fetches itself; the SDK downloads all others. */
  readonly supportedUrls: Record<string, RegExp[]>;
  /** Returns the whole answer. */
  doGenerate(options: any): PromiseLike<any>;
  /** Returns the answer as a stream. */
  doStream(options: any): PromiseLike<any>;
}

/** An embedding model with the SDK's specification V4, for `embed` and `embedMany`. The client splits the values into requests of limited size. */
export interface EmbeddingModel {
  /** The specification's version. */
  readonly specificationVersion: "v4";
  /** `"huggingface.embedding"`. */
  readonly provider: string;
  /** The requested model. */
  readonly modelId: string;
  /** The most values in one call. */
  readonly maxEmbeddingsPerCall: number;
  /** Whether several calls may run at the same time. */
  readonly supportsParallelCalls: boolean;
  /** Returns the vectors. */
  doEmbed(options: any): PromiseLike<any>;
}

/** A reranking model with the SDK's specification V4, for `rerank`. At the router hf-inference is asked, and at any other server the path `/rerank`. */
export interface RerankingModel {
  /** The specification's version. */
  readonly specificationVersion: "v4";
  /** `"huggingface.reranking"`. */
  readonly provider: string;
  /** The requested model. */
  readonly modelId: string;
  /** Returns the order of the documents, best first. */
  doRerank(options: any): PromiseLike<any>;
}

/** The members of `providerOptions.hfetch`: options of one call. The SDK has options of its own for `headers` and `abortSignal`. */
export type CallOptions = Omit<RequestOptions, "signal" | "headers">;

/** The members of `providerMetadata.hfetch`. */
export interface CallMetadata {
  /** The cost in USD; `null` if the price is unknown. */
  costUsd: number | null;
  /** Where the cost comes from. */
  costSource: Cost["source"];
  /** The provider that answered, if known. */
  provider: string | null;
  /** The `x-request-id` of the response. */
  requestId: string | null;
  /** The label of the key that was used. */
  key: string;
  /** The number of requests that were sent, including retries. */
  attempts: number;
  /** The candidates that failed before, oldest first. */
  tried: object[];
}

/** A provider with the SDK's specification V4, also for `createProviderRegistry` and `customProvider`. Calling it returns a language model. */
export interface HuggingFaceProvider {
  /** A language model: `"org/name"`, optionally followed by `:provider`, `:fastest` or `:cheapest`. */
  (modelId: string): LanguageModel;
  /** The specification's version. */
  readonly specificationVersion: "v4";
  /** The same as calling the provider. */
  languageModel(modelId: string): LanguageModel;
  /** The same, under the name that other providers use. */
  chatModel(modelId: string): LanguageModel;
  /** A model that continues a text: the client's `hf.completions`. A single prompt is sent unchanged, and a conversation as a transcript. */
  completionModel(modelId: string): LanguageModel;
  /** A model that turns texts into vectors: `"org/name"`, or `"org/name:provider"`. */
  embeddingModel(modelId: string): EmbeddingModel;
  /** The same, under the name that other providers use. */
  textEmbeddingModel(modelId: string): EmbeddingModel;
  /** A model that scores documents against a query: `"BAAI/bge-reranker-v2-m3"`. */
  rerankingModel(modelId: string): RerankingModel;
  /** This provider has no image models: throws the SDK's `NoSuchModelError`. */
  imageModel(modelId: string): never;
  /** The client that makes the calls, with its limits, keys and spend. */
  readonly client: HuggingFace;
}

/**
 * Makes a provider from a client's options, or from an existing client. In a page it uses the client of the entry that the page has loaded as well, `hfetch/web` or
 * `hfetch`; with `hfetch/web`, or with neither, options are checked at the first call.
 * @throws {ConfigError} if an option is wrong.
 */
export function createHuggingFace(options?: HuggingFaceOptions | HuggingFace): HuggingFaceProvider;

/** A provider with the key in the environment variable `HF_TOKEN`, made on first use. */
export const huggingface: HuggingFaceProvider;

/** A message of useChat, as a page sends it. The SDK's `UIMessage` has more members; only these are checked by the compiler. */
export interface UIMessage {
  /** The author of the message. */
  readonly role: "system" | "user" | "assistant";
  /** The parts of the message; the SDK's types name the members of each. */
  readonly parts: readonly {
    /** The kind of part. */
    readonly type: string;
  }[];
}

/**
 * Turns useChat's messages into the messages of `hf.chat.completions.create()`. Texts, files (links and data URLs), reasoning (under the name by which it arrived) and
 * tool calls with their results are kept; each step of an assistant's message becomes a turn. Parts that a model can't use (sources, data parts) are left out.
 * If the conversation goes on after a call without a result, the call gets the result that it wasn't carried out, since servers refuse it otherwise.
 * A page can send anything, including tool results and system messages. So instructions that must hold belong into a message that your server puts first.
 *
 * @throws {ConfigError} if a message or a part is not in useChat's form; `path` names it, like `messages[2].parts[0].url`.
 */
export function fromUIMessages(messages: readonly UIMessage[]): ChatMessage[];

/** The argument of {@link UIMessageStreamInit.messageMetadata}. */
export type UIMessageStreamPart =
  | {
      /** The message begins. */
      type: "start";
    }
  | {
      /** The message has ended. */
      type: "finish";
      /** Why the answer ended; `"interrupted"` if it was cut off. */
      finishReason: "stop" | "length" | "content-filter" | "tool-calls" | "error" | "interrupted" | "other";
      /** The tokens, under the SDK's names. */
      totalUsage: {
        /** Tokens of the prompt. */
        inputTokens: number | undefined;
        /** Tokens of the answer. */
        outputTokens: number | undefined;
        /** The total. */
        totalTokens: number | undefined;
      };
      /** The call's settlement; for a tool run the sum of all calls. Absent if the source has none. */
      settlement: Settlement | undefined;
    };

/** The options of {@link toUIMessageStreamResponse}. */
export interface UIMessageStreamInit {
  /** The status of the response. Default: 200. */
  status?: number;
  /** The status text of the response. */
  statusText?: string;
  /** Further headers. They replace the protocol's own headers of the same name. */
  headers?: Headers | Record<string, string> | [string, string][];
  /** Returns the text that the page gets for an error of the call or of a tool. By default, and if it returns nothing, the text depends on the kind of error and quotes nothing from it. */
  onError?: (error: any) => string | undefined;
  /** Returns the message's `metadata` for the page. Default: model, provider, usage, cost, durations and request id of the settlement. */
  messageMetadata?: (of: { part: UIMessageStreamPart }) => unknown;
  /** The conversation so far. If its last message is the assistant's, the answer continues that message under its id. */
  originalMessages?: readonly {
    /** The message's id. */
    readonly id: string;
    /** The author of the message. */
    readonly role: string;
  }[];
  /** Makes the id of a new message. By default the page makes it. */
  generateMessageId?: () => string;
  /** Whether the page gets the model's reasoning. Default: `true`. */
  sendReasoning?: boolean;
  /** Whether the message's beginning is sent. Default: `true`. */
  sendStart?: boolean;
  /** Whether the message's end is sent. Default: `true`. */
  sendFinish?: boolean;
}

/**
 * Turns an answer into the response that useChat reads, on a server without the `ai` package. The answer is a ChatStream, a tool run, or the promise of one; if the promise rejects,
 * the page gets the error. If the page stops reading, the call is aborted: its socket is closed, and it is settled.
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
 * @throws {ConfigError} if `source` is neither a stream nor a promise.
 */
export function toUIMessageStreamResponse(source: AsyncIterable<unknown> | PromiseLike<AsyncIterable<unknown>>, init?: UIMessageStreamInit): Response;
