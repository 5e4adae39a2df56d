// The fetch handler: one service for each environment it is called with.

import { durableStore } from "./durable_store.js";
import { logNotice } from "./log.js";
import { Misconfigured, Service } from "./service.js";
import { originsOf, settings as readSettings } from "./setting.js";
import { openUpstream } from "./upstream.js";

export function gateway(options) {
  const services = new WeakMap();
  let last;
  const serviceFor = (env) => {
    const known = services.get(env);
    if (known) return known;
    // Some hosts make an object of the same variables for each request.
    if (!last || !sameEntries(last.env, env)) last = { env, service: start(options, env) };
    services.set(env, last.service);
    return last.service;
  };
  return {
    async fetch(request, env, ctx) {
      const given = environmentOf(env);
      return serviceFor(given).fetch(request, given, ctx);
    },
  };
}

// The second argument is the environment in Workers. Other servers give what is theirs there, and have the process's; so do frameworks, whose
// objects are plain ones too (Next's `params`, Hono's `incoming`), but have no name with a capital, as variables and bindings have.
function environmentOf(env) {
  if (globalThis.navigator?.userAgent === "Cloudflare-Workers" && env) return env;
  const isPlain = env && [Object.prototype, null].includes(Object.getPrototypeOf(env));
  const names = isPlain ? Object.keys(env) : [];
  const isEnvironment = isPlain && (names.length === 0 || names.some((name) => /^[A-Z]/.test(name)));
  return isEnvironment ? env : (globalThis.process?.env ?? NOTHING);
}

const NOTHING = {};

function sameEntries(one, other) {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

// Where nothing is limited nothing is asked: a Durable Object would only cost its round trips.
function storeOf({ limits, clientLimits, keyLimits, budget, ticketSecret, authorize }, env) {
  const some = [limits, clientLimits, keyLimits].some((given) => Object.keys(given).length > 0);
  if (!some && !budget && !ticketSecret && !authorize) return undefined;
  if (env.LIMITS !== undefined) return durableStore(env.LIMITS);
  logNotice("limits", "There is no binding LIMITS of a Durable Object: limits are counted in memory, by each isolate for itself.");
  return undefined;
}

// What can't be started answers too: with what is wrong, and never with a value.
function start(options, env) {
  let given;
  try {
    given = typeof options === "function" ? options(env) : options;
    const settings = readSettings(given, env);
    settings.store ??= storeOf(settings, env);
    return new Service(settings, openUpstream(settings));
  } catch (error) {
    return new Misconfigured(error, originsOf(given, env));
  }
}
