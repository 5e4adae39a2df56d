// hfetch/ai-sdk in pages. It uses the client of whichever entry the page has loaded. If the page has loaded none, the module is loaded as text at the first call.
import { HfetchError, HuggingFace, arriveOtherwise, compiling, sdkInternals, startLater, startLoaded } from "./core.js";
import { runOn } from "./ai-sdk/client.js";

runOn(HuggingFace, sdkInternals);
arriveOtherwise(async () => {
  const { default: bytes } = await import("./wasm-module.js");
  await startLoaded(compiling(bytes));
});
startLater(() => {
  throw new HfetchError("hfetch/ai-sdk: the WebAssembly is still on its way", { hint: "Await a call before functions that give no promise." });
});

// The names are exported one by one, so that a bundle contains only what it uses.
export { createHuggingFace, huggingface } from "./ai-sdk/provider.js";
export { fromUIMessages } from "./ai-sdk/ui_messages.js";
export { toUIMessageStreamResponse } from "./ai-sdk/ui_stream.js";
