// `using`, which TypeScript knows since 5.2.
import { HuggingFace } from "hfetch";

const hf = new HuggingFace();
const messages = [{ role: "user", content: "Hello" }] as const;

export async function disposal(): Promise<void> {
  await using stream = await hf.chat.completions.create({ messages, stream: true });
  using again = await hf.chat.completions.create({ messages, stream: true });
  void [stream.finishReason, again.finishReason];
}
