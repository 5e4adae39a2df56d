// Reads a gateway's settings from its options and from the variables and secrets of its environment. An option takes precedence over its variable.
// The core checks both by one table, and an error names the option or the variable that the user has set. Errors never quote a value.

import { ROUTE_VARIABLES } from "./candidates.js";
import { ConfigError, check } from "./client.js";
import { allowList } from "./model.js";

// The options and what each must be, as a table for the core's check.
const OPTIONS = `apiKeys texts
baseURL text
billTo text
clientKeys texts
ticketSecret text
audience text
url text
basePath any
authorize function
origins texts
models texts
caps any
unknownMembers pass|refuse
timeout timeout
embeddings embeddings
earlyHead wait
limits limits
clientLimits limits
keyLimits limits
budget budget
pricing any
tellCost flag
route any
store any
onSettled function
fetch function`;
const NAMES = OPTIONS.split("\n").map((line) => line.split(" ")[0]);
const CAPS = "maxTokens many\nn many\nbodyBytes many\nmessages many";

const LIMITS = ["requestsPerMinute", "tokensPerMinute", "requestsPerMonth", "maxConcurrent"];
const SECRET = 32; // the least number of characters: nobody must find the secret that signs tickets by trying
const BODY_BYTES = 4 * 1024 * 1024;
const EARLY_HEAD = 7_000; // ms

/** The error of a setting. It names the setting and the problem, and never the value. */
export const refuse = (path, problem) => new ConfigError(path ? `${path}: ${problem}` : problem, { path: path || null });

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isText = (value) => typeof value === "string" && value !== "";

// Functions that read the text of a variable. A value of another type stays as it is, since a Worker's variables may be JSON; the core checks it.
const list = (value) => (typeof value === "string" ? value.split(",").map((item) => item.trim()).filter(Boolean) : value);
const number = (value) => (typeof value !== "string" ? value : /^\d+(\.\d+)?$/.test(value) ? Number(value) : NaN);
const FLAGS = new Map([["true", true], ["1", true], [1, true], ["false", false], ["0", false], [0, false]]);
const flag = (value) => FLAGS.get(value) ?? value;
const trim = (value) => (typeof value === "string" ? value.trim() : value);

function pricing(value) {
  if (typeof value !== "string" || value === "live") return value;
  try {
    return JSON.parse(value);
  } catch {
    throw refuse("GATEWAY_PRICING", "must be live, or prices as JSON");
  }
}

// REQUESTS_PER_MINUTE for requestsPerMinute
const inCapitals = (name) => name.replace(/[A-Z]/g, "_$&").toUpperCase();
const counts = (option, names, prefix) => names.map((name) => [`${option}.${name}`, `${prefix}_${inCapitals(name)}`, number]);

// The variables, each with the path of the option that it sets.
const VARIABLES = [
  ["baseURL", "HF_BASE_URL"], ["billTo", "HF_BILL_TO"], ["clientKeys", "GATEWAY_CLIENT_KEYS", list], ["ticketSecret", "GATEWAY_TICKET_SECRET"],
  ["audience", "GATEWAY_AUDIENCE"], ["url", "GATEWAY_URL"], ["basePath", "GATEWAY_BASE_PATH"], ["origins", "GATEWAY_ORIGINS", list], ["models", "GATEWAY_MODELS", list],
  ["caps.maxTokens", "GATEWAY_MAX_TOKENS", number], ...counts("caps", ["n", "bodyBytes", "messages"], "GATEWAY_MAX"),
  ["unknownMembers", "GATEWAY_UNKNOWN_MEMBERS"], ...counts("timeout", ["headers", "connect", "idle", "total"], "GATEWAY_TIMEOUT"),
  ["embeddings.batchSize", "GATEWAY_EMBEDDINGS_BATCH", number], ["earlyHead", "GATEWAY_EARLY_HEAD", number],
  ...counts("limits", LIMITS, "GATEWAY"), ...counts("clientLimits", LIMITS, "GATEWAY_CLIENT"), ...counts("keyLimits", LIMITS, "GATEWAY_KEY"),
  ["budget.usd", "GATEWAY_BUDGET_USD", number], ["budget.per", "GATEWAY_BUDGET_PER"], ["pricing", "GATEWAY_PRICING", pricing], ["tellCost", "GATEWAY_TELL_COST", flag],
  ...ROUTE_VARIABLES.map(([path, name, kind]) => [path, name, { list, number }[kind]]),
];
// A field of these options replaces only its own variable. Any other option replaces all variables of its fields.
const FIELD_BY_FIELD = ["caps", "timeout", "embeddings"];

// The value of a variable; undefined if the variable isn't set.
function set(value) {
  const text = trim(value);
  return text === null || text === "" ? undefined : text;
}

function put(object, [key, ...below], value) {
  if (below.length === 0) object[key] = value;
  else put((object[key] = { ...object[key] }), below, value);
}

// The options as an object's own. They may be inherited: an object of a class has its methods and getters from there.
function own(options) {
  const given = { ...options };
  for (const name of NAMES) {
    const value = options[name];
    if (value !== undefined && !Object.hasOwn(options, name)) given[name] = typeof value === "function" ? value.bind(options) : value;
  }
  return given;
}

// The settings from options and variables together, and the names of the variables that were used, by path.
function taken(options, env) {
  const given = own(options);
  const names = { apiKey: "HF_TOKEN" };
  for (const [path, name, read = trim] of VARIABLES) {
    const [option, field, ...below] = path.split(".");
    const byField = FIELD_BY_FIELD.includes(option) && isObject(options[option]);
    const chosen = byField ? options[option][field] : options[option];
    if (chosen !== undefined) {
      if (byField) put(given, [option, field], chosen);
      continue;
    }
    const value = set(env[name]);
    if (value === undefined) continue;
    put(given, [option, field, ...below].filter(Boolean), read(value));
    names[path] = name;
  }
  if (given.apiKeys === undefined) {
    given.apiKeys = tokens(env);
    names.apiKeys = "HF_TOKEN";
  }
  return [given, names];
}

/** HF_TOKEN and HF_TOKEN_1, HF_TOKEN_2, … in the order of their numbers. */
function tokens(env) {
  const numbered = Object.keys(env).filter((name) => /^HF_TOKEN_\d+$/.test(name));
  numbered.sort((a, b) => a.slice(9) - b.slice(9));
  const found = ["HF_TOKEN", ...numbered].flatMap((name) => list(set(env[name]) ?? ""));
  return found.length > 0 ? [...new Set(found)] : undefined;
}

// Also finds names in other spellings, such as gateway_max_n or GATEWAY-MAX-N, which no program reads.
const OURS = /^GATEWAY[_-]/i;
// Variables that CGI hosts set, and Kubernetes for a service named "gateway".
const PLATFORMS = /^GATEWAY_(?:INTERFACE|PORT|PORT_\d+_\w+|SERVICE_(?:HOST|PORT)\w*)$/;

// A Worker's bindings are in its environment too. They are objects of the platform, and no variables.
function isVariable(value) {
  if (value === null || typeof value !== "object") return value !== undefined && typeof value !== "function";
  return Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

// Refuses an unknown variable of the gateway: it is probably misspelt, and the limit that it was meant to set would not hold.
function checkNames(env) {
  const known = VARIABLES.map(([, name]) => name).filter((name) => OURS.test(name));
  const unknown = Object.keys(env).find((name) => OURS.test(name) && !PLATFORMS.test(name) && !known.includes(name) && isVariable(set(env[name])));
  if (unknown === undefined) return;
  try {
    check({ [unknown]: true }, known.map((name) => `${name} any`).join("\n"));
  } catch ({ message }) {
    const [, meant] = /did you mean (\w+)/.exec(message) ?? [];
    throw refuse(unknown, `is no variable of the gateway.${meant ? ` Is ${meant} meant?` : ""}`);
  }
}

/** Limits and a budget of one client, or of a ticket. */
export const checkAllowance = (given) => check(given, "limits limits\nbudget budget");

/** A text that both sides of a ticket must read alike. White space around it is dropped, since files and shells add some. */
export function trimmed(name, value) {
  const text = trim(value);
  check({ [name]: text }, `${name} text`);
  return text;
}

/** The secret that signs tickets. */
export function signingSecret(name, value) {
  const secret = trim(value);
  if (!isText(secret) || secret.length < SECRET) throw refuse(name, `must be a random text of at least ${SECRET} characters`);
  return secret;
}

/** The default of one client's calls at the same time: a quarter of the gateway's, so that no client keeps the others out. */
const shareOf = ({ maxConcurrent }) => (maxConcurrent === undefined ? {} : { maxConcurrent: Math.max(1, Math.floor(maxConcurrent / 4)) });

/** The limits that are set; 0 means no limit. */
export function limited(limits) {
  return Object.fromEntries(LIMITS.filter((key) => limits[key] > 0).map((key) => [key, limits[key]]));
}

/** The origin of an address, or undefined. */
export function originOf(text) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return /^https?:$/.test(url?.protocol) ? url.origin : undefined;
}

function ownOrigin(name, text) {
  const origin = originOf(text);
  if (origin === undefined) throw refuse(name, "must be this gateway's own address, such as https://gateway.example");
  return origin;
}

// Must be spelled as URLs spell a path. "/" alone means no base path.
function basePath(name, value) {
  const path = isText(value) ? value.replace(/\/$/, "") : "?";
  if (path !== "" && (!/^(\/[^/?#\\]+)+$/.test(path) || new URL(path, "http://x").pathname !== path)) throw refuse(name, "must be the path that the gateway's routes are below, such as /ai");
  return path || undefined;
}

// Browsers send an origin in one spelling, so that only this spelling can match.
function origins(name, texts = []) {
  return texts.map((text) => {
    if (text === "*") return text;
    const url = URL.canParse(text) ? new URL(text) : null;
    if (!url || url.origin === "null" || text.replace(/\/$/, "").toLowerCase() !== url.origin) {
      throw refuse(name, "must be a list of origins such as https://app.example, or *");
    }
    return url.origin;
  });
}

/** The origins in settings of which others may be wrong. An empty list if the origins themselves are wrong. */
export function originsOf(options, env = {}) {
  try {
    return origins("", list(options?.origins ?? set(env.GATEWAY_ORIGINS)));
  } catch {
    return [];
  }
}

// Checks that the table can't express.
const READERS = { ticketSecret: signingSecret, url: ownOrigin, basePath };

export function settings(options = {}, env = {}) {
  if (!isObject(options)) throw refuse("", "options must be an object");
  const [given, names] = taken(options, env);
  for (const [name, read] of [["ticketSecret", trim], ["audience", trim], ["origins", list], ["tellCost", flag]]) given[name] = read(given[name]);
  const nameOf = (path) => names[path?.replace(/\[\d+\]$/, "")] ?? names[/^\w+/.exec(path ?? "")?.[0]];
  checkAll(given, nameOf);
  for (const [name, read] of Object.entries(READERS)) if (given[name] !== undefined) given[name] = read(nameOf(name) ?? name, given[name]);
  const limits = limited(given.limits ?? {});
  const share = shareOf(limits);
  Object.assign(given, {
    nameOf, limits, share,
    clientLimits: limited({ ...share, ...given.clientLimits }),
    keyLimits: limited(given.keyLimits ?? {}),
    clientKeys: given.clientKeys ?? [],
    origins: origins(nameOf("origins") ?? "origins", given.origins),
    caps: { bodyBytes: BODY_BYTES, ...given.caps },
    unknownMembers: given.unknownMembers ?? "pass",
    earlyHead: given.earlyHead ?? EARLY_HEAD,
    tellCost: given.tellCost || undefined,
  });
  if (given.budget || given.tellCost) given.pricing ??= "live";
  checkNames(env);
  checkRoute(given);
  checkAuthorization(given);
  return given;
}

function checkAll(given, nameOf) {
  if (nameOf("budget.usd")) given.budget.per ??= "month";
  else if (nameOf("budget.per")) delete given.budget;
  try {
    // A store may have any members. Of a function only the type counts, whatever members it has.
    const values = Object.entries({ ...given, store: undefined }).map(([name, value]) => [name, typeof value === "function" ? () => {} : value]);
    check(Object.fromEntries(values), OPTIONS);
    check(given.caps, CAPS, "caps");
  } catch (error) {
    throw renamed(error, nameOf);
  }
  // A budget of 0 would refuse every call, although 0 means "no limit" in the limits. To allow no calls, an operator removes the keys instead.
  if (given.budget?.usd === 0) throw refuse(nameOf("budget.usd") ?? "budget.usd", "must be above 0: leave it out where there is no budget");
}

/** An error of the core with the name of the setting that the operator has used. */
export function renamed(error, nameOf) {
  const { path, message } = error;
  if (typeof path !== "string") return error;
  const [, list, at] = /^(.*)\[(\d+)\]$/.exec(path) ?? [];
  const problem = message.slice(path.length + 2);
  return refuse(nameOf(path) ?? list ?? path, list ? `its item ${Number(at) + 1} ${problem}` : problem);
}

// The route's models must be on the list of models: otherwise clients would get models that they may not ask for.
function checkRoute({ route, models, nameOf }) {
  const allows = allowList(models) ?? (() => true);
  const named = Array.isArray(route?.models) ? route.models : [];
  if (!named.every((model) => typeof model !== "string" || allows(model))) throw refuse(nameOf("route.models") ?? "route.models", "names a model that is not on the list of models");
}

// A gateway that lets everybody in must be a choice: without keys, tickets and `authorize` it refuses to start.
function checkAuthorization({ clientKeys, ticketSecret, authorize }) {
  if (clientKeys.length > 0 || ticketSecret !== undefined || authorize !== undefined) return;
  throw refuse("GATEWAY_CLIENT_KEYS", "is not set, nor GATEWAY_TICKET_SECRET, nor an authorize function: nobody could call this gateway");
}
