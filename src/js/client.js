// The public client: arguments to Rust, answers to the caller.

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
import { absolute, around, clientOptions, dataText, environment, refuse, requestOptions } from "./options.js";
import { pending } from "./pending.js";
import { livePrices } from "./prices.js";
import { APIS, PAGE } from "./protocol.js";
import { requestText } from "./request.js";
import { parse } from "./structured/parse.js";
import { ToolRun } from "./tools/run.js";

// Handles that are made elsewhere, and options for each call, by what stands for a client's options. Not by instanceof, which a proxy may
// answer with a throw.
const made = new WeakMap();

/** What a client has found out of models: in which form they give JSON, and what the catalogue at hand says of them. */
export let knownOf;

export class HuggingFace {
  #made; // the module's handle, or what makes it
  #defaults; // options of each call
  #route; // that calls have unless they bring their own
  #forms; // in which form models give JSON
  #isGrammar; // whether the server has text-generation-inference's form of a schema alone

  // A client of another copy of this package keeps its own to itself. (Not in a static block, which Firefox 92 doesn't know.)
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

  // Once the module runs, for which every call waits.
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
      // A copy: what the caller does to the options later is nothing to the client.
      const defaults = over(JSON.parse(data ?? "{}"), { signal, metadata, onSettled });
      // What the core has to say against them is said now where it is there, by a call that goes nowhere.
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

  // What console.log shows in Node, Deno and Bun.
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

  // Makes the calls of one that is made of several.
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

  // As the `openai` package has it: what create() streams, with events.
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

  // What the catalogue says of a model, where that is known already.
  #offersAtHand(model) {
    try {
      return this.#client.offers(model, undefined, false, Date.now(), performance.now());
    } catch {
      return undefined;
    }
  }

  // The catalogue is read where it isn't at hand; no model is asked.
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

// Options with a route that looks at offers, which have to have an ability.
function withAbility(request, ofClient, ability) {
  const route = request?.route ?? ofClient;
  const looks = typeof route === "object" && route !== null && Object.keys(route).some((name) => name !== "models" && name !== "sticky" && route[name] !== undefined);
  return looks && (route.has === undefined || Array.isArray(route.has)) ? { ...request, route: { ...route, has: [...(route.has ?? []), ability] } } : request;
}

// What a caller gave is read now, since it may be changed while the module is on its way.
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

// What needs the module: now, or once it has come.
const whenRunning = (make) => (arrival() === undefined ? make() : make);

function clientFrom(options, below) {
  return checked(() => {
    const [data, hooks] = clientOptions(options);
    return whenRunning(() => hooked(new ClientHandle(data, ...around(hooks)), hooks));
  }, below);
}

// What is wrong with options is found so deep in the module that the frames of the caller would be cut off.
function checked(make, below = checked) {
  try {
    return make();
  } catch (error) {
    // Minifiers move functions into each other, so that some of the frames are this package's own.
    throw traced(error, callSite(below, 10));
  }
}

// Outside of the class: esbuild renames a class that speaks of itself, and consoles would show that name.
function clientOf(given) {
  const options = {};
  made.set(options, given);
  return new HuggingFace(options);
}

Object.setPrototypeOf(HuggingFace.prototype, ofClient);

// `error instanceof HuggingFace.APIError`, as code written for `openai` has it.
Object.assign(HuggingFace, classes);

// A provider's address in a config may be relative to the page as well.
const pageUrl = (key, value) => (key === "base_url" ? absolute(value) : value);

function text(path, value) {
  if (typeof value === "string" && value !== "") return value;
  throw refuse(path, "must be a string that is not empty");
}
