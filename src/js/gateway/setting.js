// A gateway's settings, from options and from the variables and secrets of its environment. Options win.

import { routeOf } from "./candidates.js";
import { ConfigError } from "./client.js";
import { allowList } from "./model.js";

const LIMITS = {
  requestsPerMinute: "REQUESTS_PER_MINUTE",
  tokensPerMinute: "TOKENS_PER_MINUTE",
  requestsPerMonth: "REQUESTS_PER_MONTH",
  maxConcurrent: "MAX_CONCURRENT",
};
// A gateway refuses instead of waiting, so these members of a Limits object are accepted and have no effect.
const WAITING = ["onLimit", "maxWait"];
const CAPS = { maxTokens: "GATEWAY_MAX_TOKENS", n: "GATEWAY_MAX_N", bodyBytes: "GATEWAY_MAX_BODY_BYTES", messages: "GATEWAY_MAX_MESSAGES" };
const TIMEOUTS = { headers: "GATEWAY_TIMEOUT_HEADERS", connect: "GATEWAY_TIMEOUT_CONNECT", idle: "GATEWAY_TIMEOUT_IDLE", total: "GATEWAY_TIMEOUT_TOTAL" };
const BATCHING = { batchSize: "GATEWAY_EMBEDDINGS_BATCH", concurrency: undefined };
const PERIODS = ["hour", "day", "month", "total"];
const SECRET = 32; // characters at least: a secret that signs must not be guessable
const BODY_BYTES = 4 * 1024 * 1024;
const EARLY_HEAD = 7_000; // ms
const LONGEST_TIMER = 2 ** 31 - 1; // ms: a longer one fires at once
const MOST_USD = 1e9;

/** The error for a setting: it names the setting and never quotes its value. */
export const refuse = (path, problem) => new ConfigError(path ? `${path}: ${problem}` : problem, { path: path || null });

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isText = (value) => typeof value === "string" && value !== "";

/** A text about tickets as both sides read it. White space around it comes from files and shells, and is removed. */
export const trimmed = (name, value) => string(name, string(name, value).trim());

/** The secret that signs tickets. */
export function signingSecret(name, value) {
  const secret = trimmed(name, value);
  if (secret.length < SECRET) throw refuse(name, `must be a random text of at least ${SECRET} characters`);
  return secret;
}

// Reads options and variables. An error names the setting as its user knows it, and never quotes a value.
class Reader {
  #options;
  #env;
  #known = []; // names of variables that have a meaning

  constructor(options, env) {
    this.#options = options;
    this.#env = env ?? {};
  }

  /** An option that `check` accepts; without the option, the variable as `parse` reads it. */
  pick(option, check, variable, parse) {
    if (variable !== undefined) this.#known.push(variable);
    const given = this.#options[option];
    if (given !== undefined) return check(option, given) ?? given;
    const text = variable === undefined ? undefined : this.variable(variable);
    return text === undefined ? undefined : parse(variable, text);
  }

  /** A variable that isn't empty; in Workers it may be JSON. */
  variable(name) {
    this.#known.push(name);
    return this.#value(name);
  }

  #value(name) {
    const value = this.#env[name];
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value === "string") return value.trim() || undefined;
    return value;
  }

  /** Names variables that are known, but weren't read because options win. */
  knows(names) {
    this.#known.push(...names);
  }

  /** Refuses unknown variables of the gateway's: one may be misspelt, and its limit would not hold. */
  checkNames() {
    const unknown = Object.keys(this.#env).find((name) => OURS.test(name) && !PLATFORMS.test(name) && !this.#known.includes(name) && isVariable(this.#value(name)));
    if (unknown === undefined) return;
    const distances = this.#known.filter((name) => OURS.test(name)).map((name) => [distance(name, unknown.toUpperCase().replaceAll("-", "_")), name]);
    const [, nearest] = distances.reduce((least, one) => (one[0] < least[0] ? one : least));
    throw refuse(unknown, `is no variable of the gateway. Is ${nearest} meant?`);
  }

  /** HF_TOKEN and HF_TOKEN_1, HF_TOKEN_2, … in the order of their numbers. */
  tokens() {
    const numbered = Object.keys(this.#env).filter((name) => /^HF_TOKEN_\d+$/.test(name));
    numbered.sort((a, b) => a.slice(9) - b.slice(9));
    const tokens = ["HF_TOKEN", ...numbered].flatMap((name) => list(name, this.variable(name) ?? ""));
    return tokens.length > 0 ? [...new Set(tokens)] : undefined;
  }
}

// Names that belong to the gateway in any spelling, though no program reads gateway_max_n or GATEWAY-MAX-N.
const OURS = /^GATEWAY[_-]/i;
// Variables that CGI hosts set, and Kubernetes for a service named "gateway".
const PLATFORMS = /^GATEWAY_(?:INTERFACE|PORT|PORT_\d+_\w+|SERVICE_(?:HOST|PORT)\w*)$/;

// A Worker's environment also contains bindings, which are objects of the platform.
function isVariable(value) {
  if (value === null || typeof value !== "object") return value !== undefined && typeof value !== "function";
  return Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

// The number of edits between two names (Levenshtein distance).
function distance(one, other) {
  let row = [...other, ""].map((_, at) => at);
  for (const [index, character] of [...one].entries()) {
    const next = [index + 1];
    for (const [at, wanted] of [...other].entries()) next.push(Math.min(next[at] + 1, row[at + 1] + 1, row[at] + (character === wanted ? 0 : 1)));
    row = next;
  }
  return row.at(-1);
}

function string(name, value) {
  if (!isText(value)) throw refuse(name, "must be a string that is not empty");
  return value;
}

function list(name, value) {
  if (Array.isArray(value)) return strings(name, value);
  if (typeof value !== "string") throw refuse(name, "must be a list, separated by commas");
  return value.split(",").map((item) => item.trim()).filter(Boolean);
}

function strings(name, value) {
  if (!Array.isArray(value) || !value.every(isText)) throw refuse(name, "must be a list of strings that are not empty");
  return value;
}

function callable(name, value) {
  if (typeof value !== "function") throw refuse(name, "must be a function");
}

function passOrRefuse(name, value) {
  if (value !== "pass" && value !== "refuse") throw refuse(name, "must be pass or refuse");
  return value;
}

const FLAGS = new Map([[true, true], ["true", true], ["1", true], [1, true], [false, false], ["false", false], ["0", false], [0, false]]);

function flag(name, value) {
  if (!FLAGS.has(value)) throw refuse(name, "must be true or false");
  return FLAGS.get(value);
}

function count(name, value, least = 0, most = Number.MAX_SAFE_INTEGER) {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (!Number.isSafeInteger(number) || number < least) throw refuse(name, `must be a whole number from ${least} on`);
  if (number > most) throw refuse(name, `must be at most ${most}`);
  return number;
}

const duration = (name, value) => count(name, value, 0, LONGEST_TIMER);

export function checkLimits(name, limits) {
  if (!isObject(limits)) throw refuse(name, "must be an object");
  for (const [key, value] of Object.entries(limits)) {
    const isLimit = Object.hasOwn(LIMITS, key);
    if (!isLimit && !WAITING.includes(key)) throw refuse(`${name}.${key}`, "is not a limit");
    if (isLimit && value !== undefined) count(`${name}.${key}`, typeof value === "number" ? value : NaN);
  }
}

export function checkBudget(name, budget) {
  if (!isObject(budget)) throw refuse(name, "must be an object");
  if (typeof budget.usd !== "number" || !(budget.usd >= 0 && budget.usd <= MOST_USD)) throw refuse(`${name}.usd`, `must be a number from 0 to ${MOST_USD}`);
  if (!PERIODS.includes(budget.per)) throw refuse(`${name}.per`, `must be one of ${PERIODS.join(", ")}`);
}

/** How many of the gateway's places one client may hold if the operator doesn't say: a quarter, so that no client keeps the others out. */
const shareOf = ({ maxConcurrent }) => (maxConcurrent === undefined ? {} : { maxConcurrent: Math.max(1, Math.floor(maxConcurrent / 4)) });

// A budget of 0 would allow nothing, while elsewhere 0 means no limit. An operator who wants to allow nothing can remove the keys.
function checkGatewayBudget(name, given) {
  checkBudget(name, given);
  if (given.usd === 0) throw refuse(`${name}.usd`, NO_BUDGET);
}

const NO_BUDGET = "must be above 0: leave it out where there is no budget";

/** The fields of a Limits object; 0 means no limit. */
export function limited(limits) {
  return Object.fromEntries(Object.keys(LIMITS).filter((key) => limits[key] > 0).map((key) => [key, limits[key]]));
}

function limits(reader, option, prefix, share) {
  const given = reader.pick(option, checkLimits);
  reader.knows(Object.values(LIMITS).map((name) => `${prefix}_${name}`));
  if (given !== undefined) return limited({ ...share, ...given });
  const named = Object.entries(LIMITS).map(([key, name]) => [key, `${prefix}_${name}`, reader.variable(`${prefix}_${name}`)]);
  const counted = named.filter(([, , value]) => value !== undefined).map(([key, name, value]) => [key, count(name, value)]);
  return limited({ ...share, ...Object.fromEntries(counted) });
}

function budget(reader) {
  const given = reader.pick("budget", checkGatewayBudget);
  reader.knows(["GATEWAY_BUDGET_USD", "GATEWAY_BUDGET_PER"]);
  if (given !== undefined) return given;
  const usd = reader.variable("GATEWAY_BUDGET_USD");
  if (usd === undefined) return undefined;
  const number = typeof usd !== "object" && /^\d+(\.\d+)?$/.test(usd) ? Number(usd) : NaN;
  if (!(number <= MOST_USD)) throw refuse("GATEWAY_BUDGET_USD", `must be a number of US dollars, at most ${MOST_USD}`);
  if (number === 0) throw refuse("GATEWAY_BUDGET_USD", NO_BUDGET);
  const per = reader.variable("GATEWAY_BUDGET_PER") ?? "month";
  if (!PERIODS.includes(per)) throw refuse("GATEWAY_BUDGET_PER", `must be one of ${PERIODS.join(", ")}`);
  return { usd: number, per };
}

// Reads counts that belong together. A member of the option's object wins over its variable.
function counts(reader, option, given = {}, variables, what, most) {
  if (!isObject(given)) throw refuse(option, "must be an object");
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(variables, key));
  if (unknown !== undefined) throw refuse(`${option}.${unknown}`, `is not ${what}`);
  reader.knows(Object.values(variables));
  const entries = Object.entries(variables).map(([key, variable]) => {
    if (given[key] !== undefined) return [key, count(`${option}.${key}`, given[key], 1, most)];
    const value = variable && reader.variable(variable);
    return [key, value === undefined ? undefined : count(variable, value, 1, most)];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

const orNothing = (given) => (Object.keys(given).length > 0 ? given : undefined);

/** The origin of a URL, or undefined. */
export function originOf(text) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return /^https?:$/.test(url?.protocol) ? url.origin : undefined;
}

function ownOrigin(name, value) {
  const origin = originOf(string(name, value));
  if (origin === undefined) throw refuse(name, "must be this gateway's own address, such as https://gateway.example");
  return origin;
}

// A base path, spelled like the path of a URL; "/" means none.
function basePath(name, value) {
  const path = string(name, value).replace(/\/$/, "");
  if (path !== "" && (!/^(\/[^/?#\\]+)+$/.test(path) || new URL(path, "http://x").pathname !== path)) throw refuse(name, "must be the path that the gateway's routes are below, such as /ai");
  return path || undefined;
}

// Spells an origin as browsers do, since it is compared with their header.
function origins(name, value) {
  return list(name, value).map((text) => {
    if (text === "*") return text;
    const url = URL.canParse(text) ? new URL(text) : null;
    if (!url || url.origin === "null" || text.replace(/\/$/, "").toLowerCase() !== url.origin) {
      throw refuse(name, "must be a list of origins such as https://app.example, or *");
    }
    return url.origin;
  });
}

function allowedOrigins(reader) {
  return reader.pick("origins", origins, "GATEWAY_ORIGINS", origins) ?? [];
}

/** The origins in settings of which others may be wrong; none if they are wrong themselves. */
export function originsOf(options, env) {
  try {
    return allowedOrigins(new Reader(options ?? {}, env));
  } catch {
    return [];
  }
}

function pricing(name, value) {
  if (typeof value !== "string" || value === "live") return value;
  try {
    return JSON.parse(value);
  } catch {
    throw refuse(name, "must be live, or prices as JSON");
  }
}

const KNOWN = [
  "apiKeys", "baseURL", "billTo", "clientKeys", "ticketSecret", "audience", "url", "basePath", "authorize", "origins", "models", "caps",
  "unknownMembers", "timeout", "embeddings", "earlyHead", "limits", "clientLimits", "keyLimits", "budget", "pricing", "tellCost", "route", "store", "onSettled", "fetch",
];

export function settings(options = {}, env) {
  if (!isObject(options)) throw refuse("", "options must be an object");
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw refuse(unknown, "is not an option of the gateway");
  const reader = new Reader(options, env);
  const ofGateway = limits(reader, "limits", "GATEWAY");
  const share = shareOf(ofGateway);
  const given = {
    apiKeys: reader.pick("apiKeys", strings) ?? reader.tokens(),
    baseURL: reader.pick("baseURL", string, "HF_BASE_URL", string),
    billTo: reader.pick("billTo", string, "HF_BILL_TO", string),
    clientKeys: reader.pick("clientKeys", strings, "GATEWAY_CLIENT_KEYS", list) ?? [],
    ticketSecret: reader.pick("ticketSecret", signingSecret, "GATEWAY_TICKET_SECRET", signingSecret),
    audience: reader.pick("audience", trimmed, "GATEWAY_AUDIENCE", trimmed),
    url: reader.pick("url", ownOrigin, "GATEWAY_URL", ownOrigin),
    basePath: reader.pick("basePath", basePath, "GATEWAY_BASE_PATH", basePath),
    authorize: reader.pick("authorize", callable),
    origins: allowedOrigins(reader),
    models: reader.pick("models", strings, "GATEWAY_MODELS", list),
    caps: { bodyBytes: BODY_BYTES, ...counts(reader, "caps", options.caps, CAPS, "a cap") },
    unknownMembers: reader.pick("unknownMembers", passOrRefuse, "GATEWAY_UNKNOWN_MEMBERS", passOrRefuse) ?? "pass",
    timeout: orNothing(counts(reader, "timeout", options.timeout, TIMEOUTS, "a timeout", LONGEST_TIMER)),
    embeddings: orNothing(counts(reader, "embeddings", options.embeddings, BATCHING, "an option of embeddings")),
    earlyHead: reader.pick("earlyHead", duration, "GATEWAY_EARLY_HEAD", duration) ?? EARLY_HEAD,
    limits: ofGateway,
    share,
    clientLimits: limits(reader, "clientLimits", "GATEWAY_CLIENT", share),
    keyLimits: limits(reader, "keyLimits", "GATEWAY_KEY"),
    budget: budget(reader),
    pricing: reader.pick("pricing", () => undefined, "GATEWAY_PRICING", pricing),
    tellCost: reader.pick("tellCost", flag, "GATEWAY_TELL_COST", flag) || undefined,
    route: routeOf(reader, options.route, list),
    onSettled: reader.pick("onSettled", callable),
    fetch: reader.pick("fetch", callable),
    store: options.store,
  };
  if (given.budget || given.tellCost) given.pricing ??= "live";
  reader.checkNames();
  checkRoute(given);
  checkAuthorization(given);
  return given;
}

// Callers get answers from the models of the route, so these must be allowed models.
function checkRoute({ route, models }) {
  const allows = allowList(models) ?? (() => true);
  const named = Array.isArray(route?.models) ? route.models : [];
  if (!named.every((model) => typeof model !== "string" || allows(model))) throw refuse("route.models", "names a model that is not on the list of models");
}

// A gateway that is open to everybody must be configured so explicitly.
function checkAuthorization({ clientKeys, ticketSecret, authorize }) {
  if (clientKeys.length > 0 || ticketSecret !== undefined || authorize !== undefined) return;
  throw refuse("GATEWAY_CLIENT_KEYS", "is not set, nor GATEWAY_TICKET_SECRET, nor an authorize function: nobody could call this gateway");
}
