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
import type { Cost, HuggingFace, HuggingFaceOptions, RequestOptions } from "./hfetch.js";

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
 * Makes a provider from the client's options, or on a client that there is.
 * @throws {ConfigError} an option is wrong.
 */
export function createHuggingFace(options?: HuggingFaceOptions | HuggingFace): HuggingFaceProvider;

/** A provider with the key of the environment's `HF_TOKEN`, made on first use. */
export const huggingface: HuggingFaceProvider;
