// hfetch/ai-sdk in Workers.
import { HuggingFace, sdkInternals } from "./workerd.js";
import { runOn } from "./ai-sdk/client.js";

runOn(HuggingFace, sdkInternals);

// The names are exported one by one, so that a bundle contains only what it uses.
export { createHuggingFace, huggingface } from "./ai-sdk/provider.js";
export { fromUIMessages } from "./ai-sdk/ui_messages.js";
export { toUIMessageStreamResponse } from "./ai-sdk/ui_stream.js";
