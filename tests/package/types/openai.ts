// Structural compatibility with the `openai` package, in the directions that a migration needs: our results are accepted where theirs are expected, and their
// parameters where ours are expected.
import type OpenAI from "openai";
import {
  HuggingFace,
  type APIError,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatCompletionContentPart,
  type ChatCompletionCreateParams,
  type ChatCompletionTool,
  type ChatCompletionToolChoiceOption,
  type ChatMessage,
  type Completion,
  type CompletionCreateParams,
  type EmbeddingCreateParams,
  type EmbeddingResponse,
  type ResponseFormat,
  type Usage,
} from "hfetch";

declare const completion: ChatCompletion;
declare const chunk: ChatCompletionChunk;
declare const embeddings: EmbeddingResponse<number[]>;
declare const usage: Usage;
declare const text: Completion;

export const theirCompletion: OpenAI.ChatCompletion = completion;
export const theirChunk: OpenAI.ChatCompletionChunk = chunk;
export const theirEmbeddings: OpenAI.CreateEmbeddingResponse = embeddings;
export const theirTextUsage: OpenAI.CompletionUsage | undefined = text.usage;
export const theirText: Pick<OpenAI.Completion, "id" | "object" | "created" | "model"> = text;
export const theirUsage: OpenAI.CompletionUsage = usage;
export const theirDetails: Pick<OpenAI.CompletionUsage, "prompt_tokens_details" | "completion_tokens_details"> = usage;
export const theirMessage: OpenAI.ChatCompletionMessage = completion.choices[0]!.message;
export const theirDelta: OpenAI.ChatCompletionChunk.Choice.Delta = chunk.choices[0]!.delta;
export const theirFinishReason: OpenAI.ChatCompletion.Choice["finish_reason"] = completion.choices[0]!.finish_reason;
export const nextTurn: OpenAI.ChatCompletionMessageParam[] = [completion.choices[0]!.message];

declare const params: OpenAI.ChatCompletionCreateParams;
declare const whole: OpenAI.ChatCompletionCreateParamsNonStreaming;
declare const streaming: OpenAI.ChatCompletionCreateParamsStreaming;
declare const textParams: OpenAI.CompletionCreateParams & { prompt: string };
declare const embeddingParams: OpenAI.EmbeddingCreateParams;
declare const requestOptions: Pick<OpenAI.RequestOptions, "signal" | "timeout" | "maxRetries">;
declare const clientOptions: { apiKey: string; baseURL: string; timeout: number; maxRetries: number };

// Each of their parts where ours is expected.
export const ourParams: ChatCompletionCreateParams = params;
export const ourTextParams: CompletionCreateParams = textParams;
export const ourEmbeddingParams: EmbeddingCreateParams = embeddingParams;
export const ourHistory: ChatMessage[] = params.messages;
export const ourTools: readonly ChatCompletionTool[] = params.tools ?? [];
declare const part: OpenAI.ChatCompletionContentPart;
declare const choice: OpenAI.ChatCompletionToolChoiceOption;
declare const format: NonNullable<OpenAI.ChatCompletionCreateParams["response_format"]>;
export const ours: [ChatCompletionContentPart, ChatCompletionToolChoiceOption, ResponseFormat] = [part, choice, format];
declare const theirAnswer: OpenAI.ChatCompletionMessage;
export const ourNextTurn: ChatMessage = theirAnswer;

export async function theirProgram(): Promise<void> {
  const client = new HuggingFace(clientOptions);
  const message = (await client.chat.completions.create(whole)).choices[0]!.message;
  for await (const part of await client.chat.completions.create(streaming)) {
    const theirs: OpenAI.ChatCompletionChunk = part;
    void [theirs, message];
  }
  const either = await client.chat.completions.create(params);
  if ("choices" in either) void (either satisfies OpenAI.ChatCompletion);
  const vectors = await client.embeddings.create({ ...embeddingParams, encoding_format: "float" });
  void (vectors satisfies OpenAI.CreateEmbeddingResponse);
  const { data, response } = await client.chat.completions.create(whole, { signal: requestOptions.signal!, timeout: requestOptions.timeout!, maxRetries: requestOptions.maxRetries! }).withResponse();
  void [data satisfies OpenAI.ChatCompletion, response.headers.get("x-request-id")];
}

declare const error: APIError;
export const theirErrorFields: Pick<InstanceType<typeof OpenAI.APIError>, "status" | "headers" | "code" | "param" | "requestID"> = error;
