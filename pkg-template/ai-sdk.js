// The AI SDK's provider. By its name the package gives what it gives the program itself: one client in memory.
import { HuggingFace } from "hfetch";
import { open } from "./ai-sdk/public.js";

export const { createHuggingFace, huggingface } = open(HuggingFace);
export { fromUIMessages } from "./ai-sdk/ui_messages.js";
export { toUIMessageStreamResponse } from "./ai-sdk/ui_stream.js";
