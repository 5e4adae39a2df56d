// Which models may be asked for.

import { parseJson } from "./client.js";
import { Refusal } from "./refusal.js";
import { refusalOf } from "./upstream_error.js";
import { wildcard } from "./wildcard.js";

/** Gives a function that says whether a model is on the list; without a list nothing. */
export function allowList(models) {
  if (models === undefined) return undefined;
  const patterns = models.map(wildcard);
  return (model) => patterns.some((fits) => fits(model));
}

// Members by which some servers (OpenRouter, LiteLLM, Vercel's, Groq's, Azure's) are told of models beside the one that is asked
// for: what fails goes there, or a part of it, or they know the model by another name. And members that hold no such members: words,
// schemas, and settings of their own.
const NAMING = /(?:models?|fallbacks|model_?(?:name|id)s?|(?:engine|deployment)(?:_?(?:name|id))?)$|^preset$/i;
const NOT_HOLDING = [
  "messages", "tools", "tool_choice", "functions", "function_call", "response_format", "text", "input", "instructions", "prompt", "documents",
  "prediction", "metadata", "stop", "logit_bias", "guided_json", "stream_options", "reasoning", "chat_template_kwargs", "modalities", "audio", "include",
];
const holds = (member, value) => value !== null && typeof value === "object" && !NOT_HOLDING.includes(member);

/** The names of models in a body beside its `model`: [member, name]. null where no member could hold one. */
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

// Of a model's members those that name other models, or files of the server's.
const INTERNAL = ["root", "parent", "permission"];
const FILE = /^(?:file:|~?[\\/]|[a-z]:[\\/])/i;

const FRESH_FOR = 60_000; // ms
const FAILED_FOR = 30_000; // ms for which a failure is kept; the next one in a row twice as long
const LONGEST_FAILED = 600_000; // ms
const PATIENCE = 15_000; // ms for which others wait for the one that asks, which may have been stopped
const LOOK = 50; // ms

/**
 * What callers may see of the upstream's catalogue, kept for a minute: asking for it is neither counted nor limited, so that
 * it must not reach the upstream each time, whether it comes or fails. One model is answered from the list too, which every server has.
 */
export class Catalogue {
  #allows;
  #list;
  #models;
  #until = -Infinity;
  #failures = 0; // in a row
  #failure = null; // the last one, until a time
  #failedUntil = -Infinity;
  #askedUntil = -Infinity;

  constructor(allows = () => true) {
    this.#allows = allows;
  }

  /**
   * The body of the list, or of one model: undefined where the list has no such model. Where the upstream gives no catalogue, a Refusal
   * is thrown. `clock` gives ms, `ask` asks the upstream: one request does so for all that come meanwhile, which look whether
   * it has come, since in workerd none can wait for what another one awaits.
   */
  async read(id, clock, ask) {
    for (;;) {
      const now = clock();
      // A clock that was ahead, and is right again, keeps nothing for longer than that.
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

  // A list may allow a model with some of its providers only.
  #shown(model) {
    const { id, providers } = model;
    if (this.#allows(id)) return model;
    if (!Array.isArray(providers)) return undefined;
    const allowed = providers.filter((offer) => this.#allows(`${id}:${offer?.provider}`));
    return allowed.length > 0 ? { ...model, providers: allowed } : undefined;
  }
}

// The models of a catalogue: OpenAI's list, a bare list, or one under the name that Ollama and llama.cpp give it.
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

// An id is what a caller has to write, whatever it looks like.
function withoutFiles(value) {
  if (Array.isArray(value)) return value.filter((item) => !isFile(item)).map(withoutFiles);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([, member]) => !isFile(member));
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutFiles(member)]));
}

const isFile = (value) => typeof value === "string" && FILE.test(value);
