// The model's server behind the gateway, through the client that the package's main entry has loaded.

import { internals } from "./client.js";
import { refuse } from "./setting.js";

// What an operator knows an option of the client by.
const VARIABLES = { apiKey: "HF_TOKEN", apiKeys: "HF_TOKEN", baseURL: "HF_BASE_URL", billTo: "HF_BILL_TO", pricing: "GATEWAY_PRICING" };

/** One for all requests of an isolate: it holds configuration and counters, nothing of a request. */
export function openUpstream({ apiKeys, baseURL, billTo, pricing, keyLimits: limits, store, fetch }) {
  const { Upstream } = internals();
  const options = Object.entries({ apiKeys, baseURL, billTo, pricing, limits, store, fetch });
  try {
    return new Upstream(Object.fromEntries(options.filter(([, value]) => value !== undefined)));
  } catch (error) {
    const variable = VARIABLES[/^\w+/.exec(error?.path ?? "")?.[0]];
    throw variable === undefined ? error : refuse(variable, error.message.replace(`${error.path}: `, ""));
  }
}
