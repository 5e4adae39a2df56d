// The same in Workers.
import { HuggingFace, sdkInternals } from "./workerd.js";
import { runOn } from "./ai-sdk/client.js";

runOn(HuggingFace, sdkInternals);

// Each by itself, so that a bundle has what is used of it.
export { createHuggingFace, huggingface } from "./ai-sdk/provider.js";
export { fromUIMessages } from "./ai-sdk/ui_messages.js";
export { toUIMessageStreamResponse } from "./ai-sdk/ui_stream.js";
