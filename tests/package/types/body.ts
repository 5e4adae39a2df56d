// Bodies as users write them: listed keys compile, a misspelt key doesn't, and unlisted keys can still be sent.
import {
  HuggingFace,
  type ChatCompletion,
  type ChatCompletionContentPart,
  type ChatCompletionCreateParamsStreaming,
  type ChatCompletionTool,
  type ChatMessage,
  type EmbeddingCreateParams,
  type Usage,
  type WithExtra,
} from "hfetch";

const hf = new HuggingFace();
const messages: ChatMessage[] = [{ role: "user", content: "Hello" }];
const create = hf.chat.completions.create;

export const weather: ChatCompletionTool = {
  type: "function",
  function: { name: "weather", description: "of a city", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] }, strict: true },
};

/** A turn with tools, as it is sent and as it is continued. */
export async function toolLoop(): Promise<void> {
  const answer = await create({ messages, tools: [weather], tool_choice: "auto", parallel_tool_calls: false });
  const message = answer.choices[0]!.message;
  messages.push(message);
  for (const call of message.tool_calls ?? []) {
    const given: unknown = JSON.parse(call.function.arguments);
    messages.push({ role: "tool", tool_call_id: call.id, content: String(given) });
  }
  await create({ messages, tools: [weather], tool_choice: { type: "function", function: { name: "weather" } } });
  await create({ messages, tools: [{ type: "custom", custom: { name: "shell" } }], tool_choice: { function: { name: "weather" } } });
}

const parts = [
  { type: "text", text: "What is this?", cache_control: { type: "ephemeral" } },
  { type: "image_url", image_url: { url: "data:image/png;base64,AA==", detail: "low" } },
  { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
  { type: "audio_url", audio_url: { url: "https://example.com/a.wav" } },
  { type: "video_url", video_url: { url: "https://example.com/a.mp4" } },
  { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" } },
] as const;

/** Parts of messages, also read-only ones, and forms of the answer. */
export async function partsAndForms(): Promise<void> {
  const mutable: ChatCompletionContentPart[] = [...parts];
  await create({ messages: [{ role: "user", content: parts }, { role: "user", content: mutable }] });
  await create({ messages, response_format: { type: "json_schema", json_schema: { name: "city", schema: { type: "object" }, strict: true } } });
  await create({ messages, response_format: { type: "json_object" } });
  await create({ messages, response_format: { type: "json_object", value: { type: "object" } } });
  await create({ messages, response_format: { type: "regex", value: "[a-z]+" } });
}

/** Parameters of the servers behind Hugging Face's API beyond OpenAI's. */
export async function parametersOfServers(): Promise<void> {
  await create({
    messages, stream: true, stream_options: null, top_k: 5, min_p: 0.1, repetition_penalty: 1.1, seed: 1, stop_token_ids: [2], ignore_eos: false, min_tokens: 1,
    guided_json: { type: "object" }, guided_choice: ["yes", "no"], structured_outputs: { regex: "a" }, chat_template_kwargs: { enable_thinking: false },
    reasoning_effort: "none", thinking: { type: "disabled" }, reasoning: { effort: "low" }, logit_bias: { 50256: -100 }, max_completion_tokens: 9, cache_control: { type: "ephemeral" },
  });
  await hf.embeddings.create({ input: "a", normalize: true, truncate: true, prompt_name: "query", truncation_direction: "right" });
  const { results } = await hf.rerank.create({ query: "q", documents: ["a"] as const, top_n: 1 });
  const score: number | undefined = results[0]?.relevance_score;
  void score;
}

/** Keys that aren't listed: with the type for them, with a variable of a wider type, with a cast. */
export async function keysThatAreNotListed(): Promise<void> {
  const open: WithExtra<ChatCompletionCreateParamsStreaming> = { messages, stream: true, key_of_a_server: 1 };
  for await (const text of (await create(open)).text()) void text;
  const wider = { messages, key_of_a_server: { deep: true } };
  const whole: ChatCompletion = await create(wider);
  void (await create({ messages, key_of_a_server: 1 } as WithExtra<{ messages: ChatMessage[] }>));
  const input: WithExtra<EmbeddingCreateParams> = { input: "a", key_of_a_server: 1 };
  void [whole, await hf.embeddings.create(input)];
  // A conversation that is stored elsewhere, with a type of its own.
  const kept: { role: "user" | "assistant"; content: string; at: Date }[] = [];
  await create({ messages: kept });
}

export const counts = (usage: Usage): (number | undefined)[] => [usage.prompt_tokens_details?.cached_tokens, usage.completion_tokens_details?.reasoning_tokens, usage.cost];

// @ts-expect-error max_tokens
export const misspelt = () => create({ messages, max_token: 5 });
// @ts-expect-error max_tokens, of a stream
export const misspeltStream = () => create({ messages, stream: true, max_token: 5 });
// @ts-expect-error content
export const misspeltMessage = () => create({ messages: [{ role: "user", contnet: "x" }] });
// @ts-expect-error text
export const misspeltPart = () => create({ messages: [{ role: "user", content: [{ type: "text", contnet: "x" }] }] });
// @ts-expect-error a part has one key too many
export const misspeltBeside = () => create({ messages: [{ role: "user", content: [{ type: "text", text: "x", contnet: "x" }] }] });
// @ts-expect-error url
export const misspeltImage = () => create({ messages: [{ role: "user", content: [{ type: "image_url", image_url: { uri: "x" } }] }] });
// @ts-expect-error there is no such part
export const otherPart = () => create({ messages: [{ role: "user", content: [{ type: "picture", url: "x" }] }] });
// @ts-expect-error parameters
export const misspeltTool = () => create({ messages, tools: [{ type: "function", function: { name: "f", params: {} } }] });
// @ts-expect-error a tool has a type
export const toolWithoutType = () => create({ messages, tools: [{ name: "f" }] });
// @ts-expect-error there is no such choice
export const otherChoice = () => create({ messages, tool_choice: "any" });
// @ts-expect-error json_schema
export const misspeltForm = () => create({ messages, response_format: { type: "json_schema", schema: {} } });
// @ts-expect-error include_usage
export const misspeltOption = () => create({ messages, stream_options: { includeUsage: false } });
// @ts-expect-error dimensions
export const misspeltEmbedding = () => hf.embeddings.create({ input: "a", dimension: 5 });
// @ts-expect-error a count
export const otherType = () => create({ messages, top_k: "5" });
