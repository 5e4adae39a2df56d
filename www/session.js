// One client and its settlements. Every panel makes its calls through a session, so that all calls are in one ledger.

import { HuggingFace } from "hfetch";

/** The page's initial settings; 0 means no limit. */
export const DEFAULTS = { budget: 0.05, requestsPerMinute: 300, tokensPerMinute: 100_000, requestsPerMonth: 30_000 };

/**
 * Dispatches events: "settled" (detail: the settlement), "changed" (another client), "live" (detail: the running answer, or null).
 */
export class Session extends EventTarget {
  #config;
  #token = null;
  #models = null;
  client;
  limits = DEFAULTS;
  settlements = [];
  model;

  constructor(config) {
    super();
    this.#config = config;
    this.model = config.model;
    this.#renew();
  }

  get standIn() {
    return this.#config.standIn === true && !this.direct;
  }

  /** Whether a model on the server's own machine answers. */
  get local() {
    return this.#config.local === true && !this.direct;
  }

  /** Whether the visitor's own token is used, directly at the router. */
  get direct() {
    return this.#token !== null;
  }

  /** The path of the stand-in's scripts, or null if a real endpoint answers. */
  get faults() {
    return this.direct ? null : this.#config.faults;
  }

  get baseURL() {
    return new URL(this.direct ? this.#config.direct : this.#config.baseURL, location.href).href;
  }

  get host() {
    return new URL(this.baseURL).host;
  }

  get directHost() {
    return new URL(this.#config.direct).host;
  }

  /** Sets other limits and another token (null: none, undefined: as before): this makes a client with counts of its own. */
  apply(limits, token = this.#token) {
    this.#token = token;
    this.limits = limits;
    this.#models = null;
    this.#renew();
    this.dispatchEvent(new Event("changed"));
  }

  /** A further client for the same server, whose settlements go into the same ledger. */
  clientWith(options) {
    const key = this.#token ?? this.#config.apiKey;
    return new HuggingFace({ baseURL: this.baseURL, ...(key && { apiKey: key }), onSettled: (settlement) => this.record(settlement), ...options });
  }

  record(settlement) {
    this.settlements.push(settlement);
    this.dispatchEvent(new CustomEvent("settled", { detail: settlement }));
  }

  live(answer) {
    this.dispatchEvent(new CustomEvent("live", { detail: answer }));
  }

  /** The catalogue, which is fetched once. */
  models() {
    this.#models ??= this.client.models.list().catch((error) => {
      this.#models = null;
      throw error;
    });
    return this.#models;
  }

  /** The price of a model's offer, the highest if no provider is named, or null. */
  async pricing(name) {
    const [id, provider] = name.split(":");
    const models = await this.models().catch(() => []);
    const offers = models.find((model) => model.id === id)?.providers.filter(({ pricing }) => pricing) ?? [];
    const pinned = offers.find((offer) => offer.provider === provider);
    const dearest = [...offers].sort((a, b) => b.pricing.outputPerMillion - a.pricing.outputPerMillion)[0];
    return (pinned ?? dearest)?.pricing ?? null;
  }

  #renew() {
    const { budget, ...limits } = this.limits;
    this.client = this.clientWith({ pricing: (this.local && this.#config.pricing) || "live", limits, ...(budget > 0 && { budget: { usd: budget, per: "total" } }) });
  }
}
