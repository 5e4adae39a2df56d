// The models and providers that may answer in place of a body's model: the operator's route, and further models in a body if there is a route.

import { Refusal } from "./refusal.js";

const MOST = 16; // models that a body may list in `models`
const MOST_OF_ROUTE = 32;

/** The variables of a route, by the path of the field that each stands for, and how their text is read. The client checks what is in them. */
export const ROUTE_VARIABLES = [
  ...["models", "order", "only", "ignore", "has"].map((field) => [`route.${field}`, `GATEWAY_ROUTE_${field.toUpperCase()}`, "list"]),
  ["route.sort", "GATEWAY_ROUTE_SORT"],
  ["route.maxPrice.inputPerMillion", "GATEWAY_ROUTE_MAX_INPUT_PER_MILLION", "number"], ["route.maxPrice.outputPerMillion", "GATEWAY_ROUTE_MAX_OUTPUT_PER_MILLION", "number"],
  ["route.maxFirstTokenMs", "GATEWAY_ROUTE_MAX_FIRST_TOKEN_MS", "number"], ["route.minThroughput", "GATEWAY_ROUTE_MIN_THROUGHPUT", "number"],
  ["route.minContext", "GATEWAY_ROUTE_MIN_CONTEXT", "number"],
];

/**
 * Takes `models` out of a body if the operator has a route: { text, body, route }. The body's models come before the operator's, and each of them must be on the
 * list. Without a route `models` stays in the body, and the model's server decides.
 */
export function takeModels({ text, body }, route, allows) {
  const { models, ...rest } = body;
  if (route === undefined || models === undefined || models === null) return { text, body };
  const isName = (name) => typeof name === "string" && name !== "" && !/[\s\p{Cc}]/u.test(name);
  if (!Array.isArray(models) || models.length > MOST || !models.every(isName)) {
    throw new Refusal(400, "invalid_type", `models must be a list of at most ${MOST} model ids.`, { param: "models" });
  }
  if (allows !== undefined && !models.every(allows)) throw new Refusal(403, "model_not_allowed", "This gateway does not offer that model.", { param: "models" });
  const own = route.models ?? [];
  // Clients of OpenRouter list all models there, including the first.
  const model = rest.model ?? models[0];
  const sent = { ...rest, model };
  return { text: JSON.stringify(sent), body: sent, route: { ...route, models: [...new Set([...models, ...own])].slice(0, MOST_OF_ROUTE) } };
}
