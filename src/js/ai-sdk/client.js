// The client that the provider's models call: of the package's entries the one beside the provider's own, which has loaded the module.

export let HuggingFace, askedBy, contentOf, formsAfter, formsFor, knownOf, reasoningOf, remember;

/** Called once, by the entry. */
export function runOn(client, internals) {
  HuggingFace = client;
  ({ askedBy, contentOf, formsAfter, formsFor, knownOf, reasoningOf, remember } = internals);
}
