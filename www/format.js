// Numbers as a person reads them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const significant = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const rough = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
// The last digits of a sum of doubles are no longer exact.
const exact = new Intl.NumberFormat("en", { maximumSignificantDigits: 12 });

const CENT = 0.01; // US dollars

export const count = (number) => whole.format(number);
export const compact = (number) => short.format(number);

export function tokens(number) {
  return `${count(number)} ${number === 1 ? "token" : "tokens"}`;
}

/** After the zeros of an amount below a cent, nobody reads a third digit; `inFull` has it, for a title. */
export const dollars = (usd) => `$${(usd < CENT ? rough : significant).format(usd)}`;
export const inFull = (usd) => `$${exact.format(usd)}`;

/** A cost. An unknown price is named as such and never shown as 0; with the most expensive provider's price it is an upper bound. */
export function cost({ usd, source }) {
  if (usd === null) return "no price";
  return `${source === "live-max" && usd > 0 ? "≤ " : ""}${dollars(usd)}`;
}

/** The same for an element, with all digits in its title. */
export const shownCost = (price) => ({ textContent: cost(price), title: price.usd === null ? "" : inFull(price.usd) });

export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${significant.format(ms / 1000)} s` : `${significant.format(ms / 60_000)} min`;
}

const SHORTEST = 50; // ms: over less time a rate says nothing

export function perSecond(number, ms) {
  if (!(ms >= SHORTEST) || number <= 0) return "–";
  const rate = (number * 1000) / ms;
  return rate < 10 ? rate.toFixed(1) : count(rate);
}

/** The price of an offer in the catalogue. */
export function price(pricing) {
  if (!pricing) return "no price";
  if (pricing.inputPerMillion === 0 && pricing.outputPerMillion === 0) return "free";
  return `$${significant.format(pricing.inputPerMillion)} / $${significant.format(pricing.outputPerMillion)}`;
}
