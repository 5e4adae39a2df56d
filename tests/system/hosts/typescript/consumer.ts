// The names that a program imports from each entry.
import { ConfigError, HuggingFace, type ChatCompletion, type Settlement } from "hfetch";
import { gateway, issueTicket, type GatewayHandler } from "hfetch/gateway";
import { estimateTokens, init } from "hfetch/slim";

const hf = new HuggingFace({ apiKey: "hf_host", onSettled: (settlement: Settlement) => void settlement.cost.usd });

export async function text(content: string): Promise<string> {
  const answer: ChatCompletion = await hf.chat.completions.create({ messages: [{ role: "user", content }] });
  const stream = await hf.chat.completions.create({ messages: [{ role: "user", content }], stream: true });
  let whole = answer.choices[0]?.message.content ?? "";
  for await (const part of stream.text()) whole += part;
  stream.abort();
  return whole;
}

export const handler: GatewayHandler = gateway();
export const ticket: Promise<string> = issueTicket("secret", { client: "a", expiresIn: 1 });
export const tokens = (): Promise<number> => init(new Uint8Array(8)).then(() => estimateTokens("hello"));
export const known = (error: unknown): boolean => error instanceof ConfigError && error.path === "timeout";
