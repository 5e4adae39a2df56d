// Which models callers may use.

import { parseJson } from "./client.js";
import { Refusal } from "./refusal.js";
import { refusalOf } from "./upstream_error.js";
import { wildcard } from "./wildcard.js";

/** A function that says whether a model is on the list; undefined without a list. */
export function allowList(models) {
  if (models === undefined) return undefined;
  const patterns = models.map(wildcard);
  return (model) => patterns.some((fits) => fits(model));
}

// Members in which some servers (OpenRouter, LiteLLM, Vercel's, Groq's, Azure's) take further models: fallbacks, models for a part of the request, or other names for
// the same model. Below are members that never hold such members: texts, schemas, and objects with settings of their own.
const NAMING = /(?:models?|fallbacks|model_?(?:name|id)s?|(?:engine|deployment)(?:_?(?:name|id))?)$|^preset$/i;
const NOT_HOLDING = [
  "messages", "tools", "tool_choice", "functions", "function_call", "response_format", "text", "input", "instructions", "prompt", "documents",
  "prediction", "metadata", "stop", "logit_bias", "guided_json", "stream_options", "reasoning", "chat_template_kwargs", "modalities", "audio", "include",
];
const holds = (member, value) => value !== null && typeof value === "object" && !NOT_HOLDING.includes(member);

/** The names of further models in a body: [member, name]. A name is null if the member has another form. */
export function furtherModels({ model: _, ...body }) {
  const found = [];
  const members = Object.entries(body).map(([member, value]) => ({ member, value, naming: NAMING.test(member) }));
  const open = members.filter(({ member, value, naming }) => naming || holds(member, value));
  if (open.length === 0) return null;
  while (open.length > 0) {
    const { member, value, naming } = open.pop();
    if (naming && typeof value === "string") found.push([member, value]);
    else if (value !== null && typeof value === "object") {
      for (const [name, inner] of Object.entries(value)) open.push({ member, value: inner, naming: naming || NAMING.test(name) });
    }
  }
  return found;
}

// Members of a catalogue's model that name other models, or files of the server.
const INTERNAL = ["root", "parent", "permission"];
const FILE = /^(?:file:|~?[\\/]|[a-z]:[\\/])/i;

const FRESH_FOR = 60_000; // ms
const FAILED_FOR = 30_000; // ms for which a failure is remembered; each further failure in a row doubles it
const LONGEST_FAILED = 600_000; // ms
const PATIENCE = 15_000; // ms for which other requests wait for the one that fetches, which may have been stopped
const LOOK = 50; // ms

/**
 * The part of the upstream's catalogue that callers may see, kept for a minute. Requests for it are neither counted nor limited, so they must not reach the upstream
 * each time, whether it answers or fails. A single model is taken from the same list, which every server has.
 */
export class Catalogue {
  #allows;
  #list;
  #models;
  #until = -Infinity;
  #failures = 0; // in a row
  #failure = null; // the last one, with the time until which it is remembered
  #failedUntil = -Infinity;
  #askedUntil = -Infinity;

  constructor(allows = () => true) {
    this.#allows = allows;
  }

  /**
   * The body of the list, or of one model; undefined if the list has no such model. Throws a Refusal if the upstream has no catalogue. `clock` returns ms, `ask` asks
   * the upstream. One request asks on behalf of all that come in the meantime. The others check again and again, since in workerd one request can't wait for a promise
   * of another.
   */
  async read(id, clock, ask) {
    for (;;) {
      const now = clock();
      // If the clock was ahead and has been corrected, nothing is kept longer than intended.
      const holds = (until, longest) => now < until && now >= until - longest;
      if (holds(this.#until, FRESH_FOR)) return id === undefined ? this.#list : this.#models.get(id);
      if (holds(this.#failedUntil, LONGEST_FAILED)) throw this.#failure.again(this.#failedUntil - now);
      if (holds(this.#askedUntil, PATIENCE)) await new Promise((resolve) => setTimeout(resolve, LOOK));
      else await this.#renew(clock, ask);
    }
  }

  async #renew(clock, ask) {
    this.#askedUntil = clock() + PATIENCE;
    try {
      this.#keep(await ask());
      this.#until = clock() + FRESH_FOR;
      this.#failures = 0;
    } catch (error) {
      const wait = Math.min(FAILED_FOR * 2 ** this.#failures, LONGEST_FAILED);
      this.#failures += 1;
      this.#failure = refusalOf(error);
      this.#failure.detail = `${this.#failure.detail ?? this.#failure.message} (failures in a row: ${this.#failures})`;
      this.#failedUntil = clock() + wait;
    } finally {
      this.#askedUntil = -Infinity;
    }
  }

  #keep(body) {
    const models = modelsOf(body)?.map((model) => this.#shown(model)).filter(Boolean);
    if (models === undefined) throw new Refusal(502, "upstream_invalid", "The model's server gave no valid answer.");
    this.#list = JSON.stringify({ object: "list", data: models });
    this.#models = new Map(models.map((model) => [model.id, JSON.stringify(model)]));
  }

  // The list may allow a model with only some of its providers.
  #shown(model) {
    const { id, providers } = model;
    if (this.#allows(id)) return model;
    if (!Array.isArray(providers)) return undefined;
    const allowed = providers.filter((offer) => this.#allows(`${id}:${offer?.provider}`));
    return allowed.length > 0 ? { ...model, providers: allowed } : undefined;
  }
}

// The models in a catalogue: OpenAI's list, a plain list, or a list in the member that Ollama and llama.cpp use.
function modelsOf(body) {
  let catalogue;
  try {
    catalogue = parseJson(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
  return [catalogue, catalogue?.data, catalogue?.models].find(Array.isArray)?.map(named).filter(Boolean);
}

function named(model) {
  const given = typeof model === "string" ? { id: model } : { ...model };
  const id = [given.id, given.model, given.name].find((name) => typeof name === "string" && name !== "");
  if (id === undefined) return undefined;
  const members = Object.entries(given).filter(([name]) => !INTERNAL.includes(name));
  return { ...withoutFiles(Object.fromEntries(members)), id, object: "model" };
}

// An id is passed on whatever it looks like, since callers need it to name the model.
function withoutFiles(value) {
  if (Array.isArray(value)) return value.filter((item) => !isFile(item)).map(withoutFiles);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([, member]) => !isFile(member));
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutFiles(member)]));
}

const isFile = (value) => typeof value === "string" && FILE.test(value);
