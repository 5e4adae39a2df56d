// The fetch handler. It makes a service for the environment that it is called with.

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
    // Some hosts make a new object with the same variables for each request.
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

// In Workers the second argument is the environment. Other servers pass objects of their own there and have the process's environment. So do frameworks (Next's
// `params`, Hono's `incoming`); their objects have no names with capitals, which variables and bindings have.
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

// If nothing is limited, no Durable Object is asked, since it would only cost time.
function storeOf({ limits, clientLimits, keyLimits, budget, ticketSecret, authorize }, env) {
  const some = [limits, clientLimits, keyLimits].some((given) => Object.keys(given).length > 0);
  if (!some && !budget && !ticketSecret && !authorize) return undefined;
  if (env.LIMITS !== undefined) return durableStore(env.LIMITS);
  logNotice("limits", "There is no binding LIMITS of a Durable Object: limits are counted in memory, by each isolate for itself.");
  return undefined;
}

// A service that can't start answers too: it says what is wrong, and never quotes a value.
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
