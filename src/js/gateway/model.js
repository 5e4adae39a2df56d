// Which models may be asked for.

// "*" stands for any run of characters within a name: it crosses neither the slash nor the colon before a provider.
function pattern(text) {
  const parts = text.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^/:\\s]*")}$`, "u");
}

/** Gives a function that says whether a model is on the list; without a list nothing. */
export function allowList(models) {
  if (models === undefined) return undefined;
  const patterns = models.map(pattern);
  return (model) => patterns.some((allowed) => allowed.test(model));
}

// Members by which some servers (OpenRouter, LiteLLM, Vercel's, Groq's) are told of models beside the one that is asked for: what
// fails goes there, or a part of it. And members that hold such members.
const NAMING = /models?$|fallbacks$|^preset$/i;
const HOLDING = ["compound_custom", "extra_body", "plugins", "provider", "providerOptions", "provider_options"];

/** The names of models in a body beside its `model`: [member, name]. null where no member could hold one. */
export function furtherModels({ model: _, ...body }) {
  const found = [];
  const members = Object.entries(body).map(([member, value]) => ({ member, value, naming: NAMING.test(member) }));
  const open = members.filter(({ member, naming }) => naming || HOLDING.includes(member));
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

/**
 * What callers may see of the upstream's catalogue, kept for a minute: asking for it is neither counted nor limited, so that
 * it must not reach the upstream each time. One model is answered from the list too, which every server has.
 */
export class Catalogue {
  #allows;
  #list;
  #models;
  #until = -Infinity;

  constructor(allows = () => true) {
    this.#allows = allows;
  }

  /**
   * The body of the list, or of one model: undefined where the list has no such model, null where the upstream gave no catalogue.
   * `ask` asks the upstream; requests don't wait for each other's answers, which in workerd they can't.
   */
  async read(id, now, ask) {
    // A clock that was ahead keeps nothing fresh.
    const isFresh = now < this.#until && now >= this.#until - FRESH_FOR;
    if (!isFresh && !this.#renew(await ask(), now)) return null;
    return id === undefined ? this.#list : this.#models.get(id);
  }

  #renew(body, now) {
    const models = modelsOf(body)?.map((model) => this.#shown(model)).filter(Boolean);
    if (models === undefined) return false;
    this.#list = JSON.stringify({ object: "list", data: models });
    this.#models = new Map(models.map((model) => [model.id, JSON.stringify(model)]));
    this.#until = now + FRESH_FOR;
    return true;
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
    catalogue = JSON.parse(new TextDecoder().decode(body));
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
