// The models and providers that may answer in place of a body's model: the operator's route, and further models in a body if there is a route.

import { Refusal } from "./refusal.js";

const MOST = 16; // models that a body may list in `models`
const MOST_OF_ROUTE = 32;

// The fields of a route, with the end of their variables' names: lists, one word, and numbers.
const LISTS = { models: "MODELS", order: "ORDER", only: "ONLY", ignore: "IGNORE", has: "HAS" };
const NUMBERS = { maxFirstTokenMs: "MAX_FIRST_TOKEN_MS", minThroughput: "MIN_THROUGHPUT", minContext: "MIN_CONTEXT" };
const PRICES = { inputPerMillion: "MAX_INPUT_PER_MILLION", outputPerMillion: "MAX_OUTPUT_PER_MILLION" };
const SORT = "GATEWAY_ROUTE_SORT";

const named = (field) => `GATEWAY_ROUTE_${field}`;

/** Marks a route that came from variables: errors then use the variables' names. */
export const BY_VARIABLES = Symbol("by variables");

/** The variable of each field of a route, by the field's path in errors. */
export const ROUTE_VARIABLES = Object.fromEntries([
  ...Object.entries({ ...LISTS, ...NUMBERS }).map(([field, name]) => [`route.${field}`, named(name)]),
  ...Object.entries(PRICES).map(([field, name]) => [`route.maxPrice.${field}`, named(name)]),
  ["route.sort", SORT],
]);

/** The operator's route from the option, otherwise from variables; undefined if there is none. The client checks its fields. */
export function routeOf(reader, given, list) {
  reader.knows(Object.values(ROUTE_VARIABLES));
  if (given !== undefined) return given;
  const read = (names, parse) =>
    Object.entries(names).flatMap(([field, name]) => {
      const value = reader.variable(named(name));
      return value === undefined ? [] : [[field, parse(named(name), value)]];
    });
  const number = (name, text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);
  const prices = read(PRICES, number);
  const sort = reader.variable(SORT);
  const fields = [...read(LISTS, list), ...read(NUMBERS, number)];
  if (prices.length > 0) fields.push(["maxPrice", Object.fromEntries(prices)]);
  if (sort !== undefined) fields.push(["sort", sort]);
  return fields.length > 0 ? Object.assign(Object.fromEntries(fields), { [BY_VARIABLES]: true }) : undefined;
}

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
