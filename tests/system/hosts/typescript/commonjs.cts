// A program that a compiler takes as CommonJS, whose imports become require().
import HuggingFace, { ConfigError, type ChatCompletion } from "hfetch";
import { gateway, type GatewayHandler } from "hfetch/gateway";
import { init } from "hfetch/slim";

const hf = new HuggingFace({ apiKey: "hf_host" });

export const ask = (content: string): Promise<ChatCompletion> => hf.chat.completions.create({ messages: [{ role: "user", content }] });
export const handler: GatewayHandler = gateway();
export const known = (error: unknown): boolean => error instanceof ConfigError;
export const start = (): Promise<void> => init(new Uint8Array(8));
