// The public names of hfetch/ai-sdk that need a client, for an entry that has one.

import { runOn } from "./client.js";
import { createHuggingFace, providerOf } from "./provider.js";

export function open(client) {
  runOn(client);
  let provider;
  // Made on first use: whoever only loads the module needs no key.
  return { createHuggingFace, huggingface: providerOf(() => (provider ??= new client())) };
}
