// The same in pages: on the client of whichever entry the page has loaded. Where it has loaded none the module comes as text, with the first call.
import { HfetchError, HuggingFace, arriveOtherwise, sdkInternals, start, startLater } from "./core.js";
import { runOn } from "./ai-sdk/client.js";

runOn(HuggingFace, sdkInternals);
arriveOtherwise(async () => {
  const { default: bytes } = await import("./wasm-module.js");
  start(() => new WebAssembly.Module(bytes()));
});
startLater(() => {
  throw new HfetchError("hfetch/ai-sdk: the WebAssembly is still on its way", { hint: "Await a call before functions that give no promise." });
});

// Each by itself, so that a bundle has what is used of it.
export { createHuggingFace, huggingface } from "./ai-sdk/provider.js";
export { fromUIMessages } from "./ai-sdk/ui_messages.js";
export { toUIMessageStreamResponse } from "./ai-sdk/ui_stream.js";
