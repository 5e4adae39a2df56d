// The client that the gateway works with: of the package's entries the one beside the gateway's own, which has loaded the module.

export let HuggingFace, APIError, BudgetExceededError, ConfigError, LimitExceededError;

/** Called once, by the entry; errors are members of the client. */
export function runOn(client) {
  HuggingFace = client;
  ({ APIError, BudgetExceededError, ConfigError, LimitExceededError } = client);
}

/** What of the client the gateway takes beside its public names. */
export const internals = () => HuggingFace[Symbol.for("hfetch.internals")];
