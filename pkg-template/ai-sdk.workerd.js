// The AI SDK's provider in Workers.
import { HuggingFace } from "./workerd.js";
import { open } from "./ai-sdk/public.js";

export const { createHuggingFace, huggingface } = open(HuggingFace);
export { fromUIMessages } from "./ai-sdk/ui_messages.js";
export { toUIMessageStreamResponse } from "./ai-sdk/ui_stream.js";
