// The model picker: the catalogue as the library returns it, with each provider's price, context and speed.

import { byId, element, inFrames } from "./element.js";
import { compact, count, duration, price } from "./format.js";

const live = (offer) => offer.status === "live";
const least = (values) => Math.min(Infinity, ...values.filter((value) => value !== undefined));
const most = (values) => Math.max(-Infinity, ...values.filter((value) => value !== undefined));

// The smaller the number, the nearer to the top.
const ORDERS = {
  name: () => 0,
  price: ({ providers }) => least(providers.map(({ pricing }) => pricing && pricing.inputPerMillion + pricing.outputPerMillion)),
  throughput: ({ providers }) => -most(providers.map(({ throughput }) => throughput)),
  latency: ({ providers }) => least(providers.map(({ firstTokenLatencyMs }) => firstTokenLatencyMs)),
  context: ({ providers }) => -most(providers.map(({ contextLength }) => contextLength)),
};

// The abilities of an offer, as far as the catalogue says.
const ABILITIES = {
  tools: ({ supportsTools }) => supportsTools === true,
  JSON: ({ supportsStructuredOutput }) => supportsStructuredOutput === true,
};

export function startPicker(session) {
  const dialog = byId("models");
  const [button, name, list, search, order, ability, other, counted] = ["model", "model-name", "model-list", "model-search", "model-order", "model-ability", "model-other", "model-count"].map(byId);
  let models = [];
  let inSight = false; // the choice is visible, and must stay so when the list changes its size

  const choice = () => list.querySelector(":checked");
  const chosenRow = () => choice()?.closest("label");

  function look() {
    const [place, box] = [chosenRow(), list].map((node) => node?.getBoundingClientRect());
    inSight = place !== undefined && place.top >= box.top && place.bottom <= box.bottom;
  }

  function showName() {
    const [id, provider] = session.model.split(":");
    name.replaceChildren(id.split("/").at(-1), element("small", { textContent: provider ?? "any provider" }));
  }

  async function open() {
    other.value = "";
    search.value = "";
    dialog.showModal();
    counted.textContent = "Loading the catalogue…";
    try {
      models = await session.models();
      show();
      chosenRow()?.scrollIntoView({ block: "center" });
      look();
    } catch (error) {
      counted.textContent = `${error.message} Type a model's name below.`;
    }
  }

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rank = ORDERS[order.value];
    const able = ABILITIES[ability.value] ?? (() => true);
    const found = models
      .map((model) => ({ ...model, providers: sorted(model.providers.filter((offer) => live(offer) && able(offer)), rank) }))
      .filter(({ providers }) => providers.length > 0 || ability.value === "")
      .filter(({ id, providers }) => words.every((word) => `${id} ${providers.map(({ provider }) => provider).join(" ")}`.toLowerCase().includes(word)))
      .sort((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
    counted.textContent = `${count(found.length)} of ${count(models.length)} models. Prices in USD per million tokens, prompt / answer.`;
    list.replaceChildren(...found.map((model) => group(model, session.model)));
  }

  function use() {
    const model = other.value.trim() || choice()?.value;
    if (model) session.model = model;
    showName();
  }

  button.addEventListener("click", open);
  search.addEventListener("input", inFrames(show));
  order.addEventListener("change", show);
  ability.addEventListener("change", show);
  list.addEventListener("change", () => {
    other.value = "";
    look();
  });
  list.addEventListener("scroll", look);
  new ResizeObserver(() => inSight && chosenRow()?.scrollIntoView({ block: "nearest" })).observe(list);
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "use") use();
    dialog.returnValue = "";
  });
  showName();
}

/** A model's offers in the same order as the models. */
function sorted(providers, rank) {
  const of = (offer) => rank({ providers: [offer] });
  return providers.sort((a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0));
}

function group({ id, providers }, chosen) {
  const [owner, ...rest] = id.split("/");
  const any = { provider: "any provider", any: true };
  const offers = providers.length > 1 ? [any, { provider: "cheapest", any: true }, ...providers] : providers;
  return element(
    "fieldset",
    {},
    element("legend", {}, element("span", { textContent: `${owner}/` }), rest.join("/")),
    ...offers.map((offer) => row(id, offer, chosen)),
  );
}

function row(id, offer, chosen) {
  const value = offer.provider === "any provider" ? id : `${id}:${offer.provider}`;
  const figures = offer.any
    ? [element("span", { class: "wide", textContent: offer.provider === "cheapest" ? "the lowest price of an answer" : "the router takes the fastest" })]
    : [
        element("span", { class: "number", textContent: price(offer.pricing) }),
        element("span", { class: "number", textContent: offer.contextLength ? `${compact(offer.contextLength)} context` : "–" }),
        element("span", { class: "number", textContent: offer.throughput ? `${count(offer.throughput)} tokens/s` : "–" }),
        element("span", { class: "number", textContent: offer.firstTokenLatencyMs ? `${duration(offer.firstTokenLatencyMs)} to first` : "–" }),
      ];
  const abilities = Object.keys(ABILITIES).filter((name) => ABILITIES[name](offer));
  const name = element("span", {}, offer.provider, ...abilities.map((ability) => element("small", { class: "ability", textContent: ability })));
  return element("label", { class: "offer" }, element("input", { type: "radio", name: "offer", value, checked: value === chosen }), name, ...figures);
}
