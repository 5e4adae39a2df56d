// A program as a user writes it. Each `Same` line fixes the result type of an overload; each @ts-expect-error fixes what must not compile.
import HuggingFaceDefault, {
  APIConnectionTimeoutError,
  APIError,
  BudgetExceededError,
  cost,
  estimateTokens,
  FREE_TIER,
  HfetchError,
  HuggingFace,
  MODELS,
  RateLimiter,
  reasoningOf,
  retryDelay,
  SseDecoder,
  storageStore,
  StreamTruncatedError,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatStream,
  type Completion,
  type CompletionStream,
  type EmbeddingResponse,
  type LimitStore,
  type Model,
  type PartialCompletion,
  type Settlement,
} from "hfetch";
import { gateway, issueTicket, type Caller, type GatewayHandler, type GatewayOptions } from "hfetch/gateway";
import { HuggingFace as SlimHuggingFace, init, reasoningOf as slimReasoningOf } from "hfetch/slim";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_yes: Same<A, B>): void => {};

same<typeof HuggingFaceDefault, typeof HuggingFace>(true);
same<typeof SlimHuggingFace, typeof HuggingFace>(true);

const hf = new HuggingFace({
  apiKeys: ["one", "two"],
  pricing: { inputPerMillion: 0.1, outputPerMillion: 0.2 },
  limits: { ...FREE_TIER, onLimit: "error" },
  budget: { usd: 5, per: "day" },
  timeout: { headers: 9_000, idle: 5_000 },
  retry: false,
  onSettled: (settlement) => same<typeof settlement, Settlement>(true),
});
const messages = [{ role: "user", content: "Hello" }] as const;

export async function chat(): Promise<void> {
  const pending = hf.chat.completions.create({ messages, stream: true });
  const stream = await pending;
  same<typeof stream, ChatStream>(true);
  for await (const chunk of stream) same<typeof chunk, ChatCompletionChunk>(true);
  for await (const text of stream.text()) same<typeof text, string>(true);
  const { data, response } = await pending.withResponse();
  same<typeof data, ChatStream>(true);
  same<typeof response.status, number>(true);
  const settlement = await pending.settled;
  same<typeof settlement.cost.usd, number | null>(true);

  const whole = await hf.chat.completions.create({ messages, max_tokens: 5 });
  same<typeof whole, ChatCompletion>(true);
  const alsoWhole = await hf.chat.completions.create({ messages, stream: false });
  same<typeof alsoWhole, ChatCompletion>(true);

  const wanted: boolean = Math.random() > 0.5;
  const either = await hf.chat.completions.create({ messages, stream: wanted });
  same<typeof either, ChatStream | ChatCompletion>(true);
}

export async function textCompletions(): Promise<void> {
  const whole = await hf.completions.create({ prompt: ["a", "b"], max_tokens: 5, logprobs: 1, top_k: 3 });
  same<typeof whole, Completion>(true);
  const stream = await hf.completions.create({ prompt: "a", stream: true });
  same<typeof stream, CompletionStream>(true);
  for await (const chunk of stream) same<typeof chunk, Completion>(true), same<(typeof chunk.choices)[number]["text"], string>(true);
  for await (const text of stream.text()) same<typeof text, string>(true);
  const { choices } = await stream.final();
  same<(typeof choices)[number]["text"], string>(true);
  const settled: Settlement = await stream.settled;
  const kinds: Settlement["kind"][] = ["completion", settled.kind];
  stream.abort(), void [kinds, stream.toReadableStream(), MODELS[0]?.call === "completions"];
}

export async function embeddings(): Promise<void> {
  const typed = await hf.embeddings.create({ input: ["a", "b"] });
  same<typeof typed, EmbeddingResponse<Float32Array>>(true);
  const plain = await hf.embeddings.create({ input: "a", encoding_format: "float" });
  same<typeof plain, EmbeddingResponse<number[]>>(true);
  const base64 = await hf.embeddings.create({ input: "a", encoding_format: "base64" });
  same<typeof base64, EmbeddingResponse<string>>(true);
  const models = await hf.models.list();
  same<typeof models, Model[]>(true);
}

export function errors(error: unknown): PartialCompletion | null {
  if (error instanceof BudgetExceededError) return void error.spentUsd, null;
  if (error instanceof StreamTruncatedError) return error.partial;
  if (error instanceof APIConnectionTimeoutError) return same<typeof error.phase, "connect" | "idle" | "total">(true), error.partial;
  if (error instanceof APIError) same<typeof error.status, number | undefined>(true), same<typeof error.isRetryable, boolean>(true);
  if (error instanceof HfetchError) same<typeof error.name, string>(true), same<typeof error.hint, string | null>(true);
  return null;
}

export function pureLogic(): void {
  same<ReturnType<typeof estimateTokens>, number>(true);
  same<ReturnType<typeof reasoningOf>, string | null>(true);
  same<typeof slimReasoningOf, typeof reasoningOf>(true);
  const message: ChatCompletion["choices"][number]["message"] = { role: "assistant", content: null, refusal: null, reasoning_content: "a" };
  same<typeof message.reasoning_content, string | null | undefined>(true);
  reasoningOf(message);
  const usd: number | null = cost({ prompt_tokens: 1000 }, { input_token_cost: 2e-7, output_token_cost: 2e-7, unit: "token" }).usd;
  const wait: number | null = retryDelay({ status: 429, headers: { "retry-after": "3" }, attempt: 1 });
  const taken = new RateLimiter({ requestsPerMinute: 5 }).reserve(100, 0);
  const reservation: number = taken.ok ? taken.reservation : taken.retryAfter;
  const events: { event: string; data: string; id: string }[] = new SseDecoder({ maxEventBytes: 1024 }).push(new Uint8Array(1));
  const store: LimitStore = storageStore({ getItem: () => null, setItem: () => {}, removeItem: () => {} });
  void [usd, wait, reservation, events, store, MODELS[0]?.group, init(new Uint8Array(8))];
}

export const gateways = (): GatewayHandler[] => {
  const caller: Caller = { client: "alice", limits: FREE_TIER };
  const options: GatewayOptions = { models: ["meta-llama/*"], caps: { maxTokens: 512 }, pricing: "live", authorize: async () => caller };
  return [gateway(), gateway(options), gateway((env) => ({ apiKeys: [String(env)], onSettled: ({ cost }) => void cost.usd }))];
};
export const ticket = (): Promise<string> => issueTicket("secret", { client: "alice", expiresIn: 60_000 });

// @ts-expect-error a ticket ends
export const withoutEnd = () => issueTicket("secret", { client: "alice" });
// @ts-expect-error an option that does not exist
export const withOtherOption = () => gateway({ apiKey: "x" });
// @ts-expect-error messages are required
export const withoutMessages = () => hf.chat.completions.create({ stream: true });
// @ts-expect-error there is no such role
export const withoutRole = () => hf.chat.completions.create({ messages: [{ role: "robot", content: "x" }] });
// @ts-expect-error an option that does not exist
export const withTypo = () => new HuggingFace({ apikey: "x" });
// @ts-expect-error a window that does not exist
export const withOtherWindow = () => new HuggingFace({ budget: { usd: 1, per: "week" } });
// @ts-expect-error prices come in pairs
export const withHalfAPrice = () => cost({}, { inputPerMillion: 1 });
// @ts-expect-error a store keeps its tables read-only
export const withWrite = () => FREE_TIER.requestsPerMinute = 1;
