// The client that the provider's models call. It comes from the package's entry next to the provider's own, which has loaded the module.

export let HuggingFace, askedBy, contentOf, formsAfter, formsFor, knownOf, reasoningOf, remember;
let streamOf;

/** Is called once by the entry, with the client and the internal functions that internals.js lists. */
export function runOn(client, internals) {
  HuggingFace = client;
  [askedBy, contentOf, formsAfter, formsFor, knownOf, streamOf, reasoningOf, remember] = internals;
}

/** Throws the client's own error for a wrong argument. */
export function must(holds, path, what) {
  if (!holds) throw new HuggingFace.ConfigError(`${path}: must be ${what}`, { path });
}

/** A stream of what a generator yields. Nothing is read from the network before the stream is read. */
export const readable = (items, cancel) => streamOf({ whenUnread() {}, read: () => items.next(), cancel });
