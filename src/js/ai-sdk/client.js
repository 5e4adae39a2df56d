// The client that the provider's models call: of the package's entries the one beside the provider's own, which has loaded the module.

export let HuggingFace, askedBy, contentOf, formsAfter, formsFor, knownOf, reasoningOf, remember;
let streamOf;

/** Called once, by the entry, with the client and what internals.js lists of it. */
export function runOn(client, internals) {
  HuggingFace = client;
  [askedBy, contentOf, formsAfter, formsFor, knownOf, streamOf, reasoningOf, remember] = internals;
}

/** Throws the client's own error of an argument that is wrong. */
export function must(holds, path, what) {
  if (!holds) throw new HuggingFace.ConfigError(`${path}: must be ${what}`, { path });
}

/** What a generator gives, each as somebody wants it: nothing is read from the network before it is asked for. */
export const readable = (items, cancel) => streamOf({ whenUnread() {}, read: () => items.next(), cancel });
