// For the AI SDK, and for useChat without it. By its name the package gives what it gives the program itself: one client in memory.
import { HuggingFace, sdkInternals } from "hfetch";
import { runOn } from "./ai-sdk/client.js";

runOn(HuggingFace, sdkInternals);

// Each by itself, so that a bundle has what is used of it.
export { createHuggingFace, huggingface } from "./ai-sdk/provider.js";
export { fromUIMessages } from "./ai-sdk/ui_messages.js";
export { toUIMessageStreamResponse } from "./ai-sdk/ui_stream.js";
