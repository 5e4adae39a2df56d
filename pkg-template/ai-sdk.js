// hfetch/ai-sdk. It imports "hfetch" by the package's name and so gets the same copy as the program: there is one client in memory.
import { HuggingFace, sdkInternals } from "hfetch";
import { runOn } from "./ai-sdk/client.js";

runOn(HuggingFace, sdkInternals);

// The names are exported one by one, so that a bundle contains only what it uses.
export { createHuggingFace, huggingface } from "./ai-sdk/provider.js";
export { fromUIMessages } from "./ai-sdk/ui_messages.js";
export { toUIMessageStreamResponse } from "./ai-sdk/ui_stream.js";
