// The client that the provider's models call: of the package's entries the one beside the provider's own, which has loaded the module.

export let HuggingFace, contentOf, reasoningOf;

/** Called once, by the entry. */
export function runOn(client) {
  HuggingFace = client;
  ({ contentOf, reasoningOf } = client[Symbol.for("hfetch.internals")] ?? {});
}
