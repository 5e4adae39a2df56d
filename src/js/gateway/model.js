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

const FRESH_FOR = 60_000; // ms

/**
 * What callers may see of the upstream's catalogue, kept for a minute: asking for it is neither counted nor limited, so that
 * it must not reach the upstream each time.
 */
export class Catalogue {
  #allows;
  #kept = new Map(); // id, or undefined for the list, to a body
  #names = new Set();
  #until = -Infinity;

  constructor(allows = () => true) {
    this.#allows = allows;
  }

  /**
   * The body of the list, or of one model: undefined where the list has no such model, null where the upstream gave no catalogue.
   * `ask` asks the upstream; requests don't wait for each other's answers, which in workerd they can't.
   */
  async read(id, now, ask) {
    if (now >= this.#until && !this.#renew(await ask(undefined), now)) return null;
    if (id !== undefined && !this.#names.has(id)) return undefined;
    const kept = this.#kept;
    // The list may be renewed meanwhile, and then another map is in its place.
    if (!kept.has(id)) kept.set(id, await ask(id));
    return kept.get(id);
  }

  #renew(body, now) {
    const list = this.#allowed(body);
    if (list === null) return false;
    this.#names = new Set(list.data.map(({ id }) => id));
    this.#kept = new Map([[undefined, JSON.stringify(list)]]);
    this.#until = now + FRESH_FOR;
    return true;
  }

  // A list may allow a model with one of its providers only.
  #shows(model) {
    if (typeof model?.id !== "string") return false;
    const { id, providers } = model;
    return this.#allows(id) || (Array.isArray(providers) && providers.some((offer) => this.#allows(`${id}:${offer?.provider}`)));
  }

  #allowed(body) {
    try {
      const catalogue = JSON.parse(new TextDecoder().decode(body));
      return { ...catalogue, data: catalogue.data.filter((model) => this.#shows(model)) };
    } catch {
      return null;
    }
  }
}
