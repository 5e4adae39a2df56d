// What a gateway is told, by options and by the variables and secrets of its environment. Options win. Both are held against one table, by
// the core, and an error names what it refuses as its user knows it: the option, or the variable. Values are never quoted.

import { ROUTE_VARIABLES } from "./candidates.js";
import { ConfigError, check } from "./client.js";
import { allowList } from "./model.js";

// What each option must be, in the words of the core's tables.
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
const CAPS = "maxTokens count\nn count\nbodyBytes count\nmessages count";

const LIMITS = ["requestsPerMinute", "tokensPerMinute", "requestsPerMonth", "maxConcurrent"];
const SECRET = 32; // characters at least: what signs must not be found by trying
const BODY_BYTES = 4 * 1024 * 1024;
const EARLY_HEAD = 7_000; // ms

/** The error of a setting: it names what is wrong, and never the value. */
export const refuse = (path, problem) => new ConfigError(path ? `${path}: ${problem}` : problem, { path: path || null });

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isText = (value) => typeof value === "string" && value !== "";

// How a variable's text is read. What is no such text stays, for the core to refuse; a Worker's variables may be JSON.
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

// The variables, each by the path of the option that it stands for.
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
// Of these options each field stands in place of its own variable; others stand in place of all.
const FIELD_BY_FIELD = ["caps", "timeout", "embeddings"];

// What a variable is set to; nothing where it isn't.
function set(value) {
  const text = trim(value);
  return text === null || text === "" ? undefined : text;
}

function put(object, [key, ...below], value) {
  if (below.length === 0) object[key] = value;
  else put((object[key] = { ...object[key] }), below, value);
}

// What is given by either, and the names of the variables that were taken, by path.
function taken(options, env) {
  const given = { ...options };
  const names = { apiKey: "HF_TOKEN" };
  for (const [path, name, read = trim] of VARIABLES) {
    const [option, field, ...below] = path.split(".");
    const value = set(env[name]);
    const stands = FIELD_BY_FIELD.includes(option) && isObject(options[option]) ? options[option][field] : options[option];
    if (value === undefined || stands !== undefined) continue;
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

// Names are known by their letters: no program reads gateway_max_n, or GATEWAY-MAX-N.
const OURS = /^GATEWAY[_-]/i;
// What CGI hosts, and Kubernetes for a service named "gateway", put into every environment.
const PLATFORMS = /^GATEWAY_(?:INTERFACE|PORT|PORT_\d+_\w+|SERVICE_(?:HOST|PORT)\w*)$/;

// Bindings of a Worker's stand in its environment too: they are objects of the platform's.
function isVariable(value) {
  if (value === null || typeof value !== "object") return value !== undefined && typeof value !== "function";
  return Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

// A variable of the gateway's that means nothing is a misspelt one, whose limit would not hold.
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

/** A text of tickets', as both sides read it: white space around it, as files and shells leave it, is no part of it. */
export function trimmed(name, value) {
  const text = trim(value);
  check({ [name]: text }, `${name} text`);
  return text;
}

/** What tickets are signed with. */
export function signingSecret(name, value) {
  const secret = trim(value);
  if (!isText(secret) || secret.length < SECRET) throw refuse(name, `must be a random text of at least ${SECRET} characters`);
  return secret;
}

/** What one client may hold of the gateway's places where nobody has said: a quarter, so that none keeps the others out. */
const shareOf = ({ maxConcurrent }) => (maxConcurrent === undefined ? {} : { maxConcurrent: Math.max(1, Math.floor(maxConcurrent / 4)) });

/** What a Limits object limits: 0 is no limit. */
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

// As the path of a URL is spelled; "/" is none.
function basePath(name, value) {
  const path = isText(value) ? value.replace(/\/$/, "") : "?";
  if (path !== "" && (!/^(\/[^/?#\\]+)+$/.test(path) || new URL(path, "http://x").pathname !== path)) throw refuse(name, "must be the path that the gateway's routes are below, such as /ai");
  return path || undefined;
}

// An origin is compared as browsers write it.
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

/** The origins of settings that may be wrong elsewhere; none where they are wrong themselves. */
export function originsOf(options, env = {}) {
  try {
    return origins("", list(options?.origins ?? set(env.GATEWAY_ORIGINS)));
  } catch {
    return [];
  }
}

// What no table says of the settings one by one.
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
    check({ ...given, store: undefined }, OPTIONS); // what a store has in it is its own affair
    check(given.caps, CAPS, "caps");
  } catch (error) {
    throw renamed(error, nameOf);
  }
  // Nothing could be spent, where 0 is no limit elsewhere: whoever means that takes the keys away.
  if (given.budget?.usd === 0) throw refuse(nameOf("budget.usd") ?? "budget.usd", "must be above 0: leave it out where there is no budget");
}

/** An error of the core's by the name that the operator knows. */
export function renamed(error, nameOf) {
  const { path, message } = error;
  if (typeof path !== "string") return error;
  return refuse(nameOf(path) ?? path.replace(/\[\d+\]$/, ""), message.slice(path.length + 2));
}

// What the route names is asked for by callers who may not ask for it themselves.
function checkRoute({ route, models }) {
  const allows = allowList(models) ?? (() => true);
  const named = Array.isArray(route?.models) ? route.models : [];
  if (!named.every((model) => typeof model !== "string" || allows(model))) throw refuse("route.models", "names a model that is not on the list of models");
}

// A gateway that lets everybody in is a choice somebody has to write down.
function checkAuthorization({ clientKeys, ticketSecret, authorize }) {
  if (clientKeys.length > 0 || ticketSecret !== undefined || authorize !== undefined) return;
  throw refuse("GATEWAY_CLIENT_KEYS", "is not set, nor GATEWAY_TICKET_SECRET, nor an authorize function: nobody could call this gateway");
}
