// The public client: it passes arguments to Rust and answers to the caller.

import { text } from "./argument.js";
import { ClientHandle } from "./hfetch_bg.js";
import { arrival } from "./arrival.js";
import { catalogue, fail, hooked, nothing, open, settlement } from "./call.js";
import { chat } from "./chat.js";
import { over } from "./defaults.js";
import { embed, rerank } from "./embeddings.js";
import { callSite, classes, traced } from "./error.js";
import { readBody } from "./fetch.js";
import { fetchOf } from "./foreign_fetch.js";
import { ofChat, ofClient } from "./missing.js";
import { absolute, around, clientOptions, dataText, environment, requestOptions } from "./options.js";
import { pending } from "./pending.js";
import { livePrices } from "./prices.js";
import { APIS, PAGE } from "./protocol.js";
import { requestText } from "./request.js";
import { parse } from "./structured/parse.js";
import { ToolRun } from "./tools/run.js";

// Handles that other code has made, and options for each call, keyed by the object passed as a client's options. A WeakMap is used and not
// instanceof, which a proxy may answer with an exception.
const made = new WeakMap();

/** A client's knowledge of models: the form in which each of them gives JSON, and the catalogue's offers, if it is loaded. */
export let knownOf;

export class HuggingFace {
  #made; // the module's handle, or a function that makes it
  #defaults; // options for each call
  #route; // the route of calls without one of their own
  #forms; // the form in which each model gives JSON
  #isGrammar; // whether the server knows only text-generation-inference's form for a schema

  // A client of another copy of this package has its own data. (This is not in a static block, since Firefox 92 has none.)
  static #known = (knownOf = (client) =>
    #forms in client
      ? { forms: client.#forms, isGrammar: client.#isGrammar, offers: (model) => client.#offersAtHand(model) }
      : { forms: new Map(), offers: () => undefined });

  constructor(options) {
    const shared = made.get(options) ?? { client: clientFrom(options, new.target), route: options?.route };
    const { client, defaults, route, forms = new Map(), isGrammar = /\/hf-inference\//.test(options?.baseURL) } = shared;
    this.#made = client;
    this.#defaults = defaults;
    this.#route = defaults?.route ?? route;
    this.#forms = forms;
    this.#isGrammar = isGrammar;
    this.fetch = fetchOf(() => this.#client, defaults);
    this.chat = { completions: { __proto__: ofChat, create: this.#creator("chat", chat), parse: this.#parser(), runTools: this.#runner(), stream: this.#streamer() } };
    this.completions = { create: this.#creator("completion", chat) };
    this.embeddings = { create: this.#creator("embeddings", embed) };
    this.rerank = { create: this.#creator("rerank", rerank) };
    this.models = {
      list: (request) => this.#models("", request),
      offers: (model, route) => this.#offers(model, route),
      retrieve: async (id, request) => this.#models(text("id", id), request),
    };
  }

  // The module's handle. The module runs by now, since every call waits for it.
  get #client() {
    if (typeof this.#made === "function") this.#made = this.#made();
    return this.#made;
  }

  static fromConfig(config, select, options) {
    const client = checked(() => {
      const id = select?.id === undefined ? undefined : text("select.id", select.id);
      const env = dataText(select?.env ?? environment() ?? {}, "select.env");
      const [data, hooks] = clientOptions(options);
      const file = dataText(config, "", pageUrl);
      return whenRunning(() => hooked(new ClientHandle(data, ...around(hooks, PAGE), file, id, env), hooks));
    }, this?.fromConfig);
    return clientOf({ client, route: options?.route });
  }

  withOptions(options) {
    return checked(() => {
      const [data, { signal, metadata, onSettled }] = requestOptions(over(this.#defaults ?? {}, options));
      // This is a copy, so that later changes to the caller's options don't affect the client.
      const defaults = over(JSON.parse(data ?? "{}"), { signal, metadata, onSettled });
      // If the module already runs, options for each call are checked now, by a call that is never sent.
      if (arrival() === undefined) this.#client.catalogue("", data, Date.now(), performance.now()).free();
      return clientOf({ client: () => this.#client, defaults, route: this.#route, forms: this.#forms, isGrammar: this.#isGrammar });
    }, this.withOptions);
  }

  snapshot() {
    return this.#client.snapshot(Date.now(), performance.now());
  }

  toJSON() {
    return this.snapshot();
  }

  get [Symbol.toStringTag]() {
    return "HuggingFace";
  }

  // Node, Deno and Bun print the result in console.log.
  [Symbol.for("nodejs.util.inspect.custom")](depth, options, inspect) {
    const snapshot = this.snapshot();
    return inspect ? `HuggingFace ${inspect(snapshot, options)}` : snapshot;
  }

  #creator(kind, run) {
    const create = (body, request) => this.#create(callSite(create), kind, run, body, request);
    return create;
  }

  #create(site, kind, run, body, request) {
    const { settle, settled } = settlement();
    return pending(this.#run(site, kind, run, body, request, settle, settled), settled);
  }

  // Makes the calls that belong to a composed one.
  #within(site) {
    return (body, request) => this.#create(site, "chat", chat, body, request);
  }

  #parser() {
    const parser = (body, request) => {
      return this.#parse(callSite(parser), body, request);
    };
    return parser;
  }

  #parse(site, body, request) {
    const { made, settled } = parse(this.#within(site), knownOf(this), () => nothing("chat"), body, request);
    return pending(made.catch((error) => Promise.reject(traced(error, site))), settled);
  }

  // The same function as in the `openai` package: a stream of create() with events.
  #streamer() {
    const streamer = (body, request) => {
      const site = callSite(streamer);
      return new ToolRun((...given) => this.#parse(site, ...given), () => nothing("chat"), (error) => traced(error, site), body, request, this.#defaults?.signal, true);
    };
    return streamer;
  }

  #runner() {
    const runner = (body, request) => {
      const site = callSite(runner);
      return new ToolRun(this.#within(site), () => nothing("chat"), (error) => traced(error, site), body, withAbility(request, this.#route, "tools"), this.#defaults?.signal);
    };
    return runner;
  }

  async #run(site, kind, run, body, request, settle, settled) {
    const prepare = () => {
      const [data, hooks] = requestOptions(over(this.#defaults, request));
      const { text, signals } = requestText(body);
      hooks.signals.push(...signals);
      return [(...now) => this.#client.open(APIS[kind], ...now, text, data), hooks];
    };
    let opened;
    try {
      const prepared = arrival() === undefined ? prepare : await whenArrived(prepare);
      opened = open(() => this.#client, kind, prepared, settle);
      const { call, cancel } = opened;
      call.site = site;
      const answer = await run(call, cancel, settled);
      return { ...answer, request_id: answer.response.requestId };
    } catch (error) {
      throw traced(opened ? fail(opened.call, opened.cancel, error) : error, site);
    }
  }

  // The catalogue's offers of a model, if the catalogue is already loaded.
  #offersAtHand(model) {
    try {
      return this.#client.offers(model, undefined, false, Date.now(), performance.now());
    } catch {
      return undefined;
    }
  }

  // Loads the catalogue if necessary. No model is called.
  async #offers(model, route) {
    const site = callSite(this.#offers);
    try {
      if (arrival() !== undefined) await arrival();
      const client = this.#client;
      const data = route === undefined ? undefined : dataText(route, "route");
      const look = (isLast) => client.offers(text("model", model), data, isLast, Date.now(), performance.now());
      let offers = look(false);
      if (offers === undefined) {
        await livePrices(client);
        offers = look(true);
      }
      return offers.map(({ model, offer, leftOut, rests }) => ({ model, ...offer, leftOut, rests }));
    } catch (error) {
      throw traced(error, site);
    }
  }

  async #models(id, request) {
    const site = callSite(this.#models);
    try {
      if (arrival() !== undefined) await arrival();
      return await catalogue(this.#client, id, requestOptions(over(this.#defaults, request)), async (call, cancel, { response }) =>
        call.models(await readBody(response, cancel, call.idle, call.max_answer_bytes)),
      );
    } catch (error) {
      throw traced(error, site);
    }
  }
}

// Adds a required ability to the options if their route uses the catalogue's offers.
function withAbility(request, ofClient, ability) {
  const route = request?.route ?? ofClient;
  const looks = typeof route === "object" && route !== null && Object.keys(route).some((name) => name !== "models" && name !== "sticky" && route[name] !== undefined);
  return looks && (route.has === undefined || Array.isArray(route.has)) ? { ...request, route: { ...route, has: [...(route.has ?? []), ability] } } : request;
}

// Reads the caller's arguments at once, since the caller may change them while the module is loading.
async function whenArrived(prepare) {
  try {
    const prepared = prepare();
    await arrival();
    return () => prepared;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

// Runs what needs the module now, or returns a promise if the module is still loading.
const whenRunning = (make) => (arrival() === undefined ? make() : make);

function clientFrom(options, below) {
  return checked(() => {
    const [data, hooks] = clientOptions(options);
    return whenRunning(() => hooked(new ClientHandle(data, ...around(hooks)), hooks));
  }, below);
}

// Errors in options come up so deep inside the package that the stack's frame limit would cut the caller's frames off.
function checked(make, below = checked) {
  try {
    return make();
  } catch (error) {
    // Minifiers inline functions into each other, so some of these frames belong to this package.
    throw traced(error, callSite(below, 10));
  }
}

// Defined outside of the class: esbuild renames a class that refers to itself, and consoles would print that name.
function clientOf(given) {
  const options = {};
  made.set(options, given);
  return new HuggingFace(options);
}

Object.setPrototypeOf(HuggingFace.prototype, ofClient);

// `error instanceof HuggingFace.APIError`, which code for the `openai` package uses.
Object.assign(HuggingFace, classes);

// A page's config may give a provider's address relative to the page.
const pageUrl = (key, value) => (key === "base_url" ? absolute(value) : value);
