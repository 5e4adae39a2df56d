// Numbers as a person reads them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const significant = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const rough = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
// A sum of doubles is no longer exact in the last of its digits.
const exact = new Intl.NumberFormat("en", { maximumSignificantDigits: 12 });

const CENT = 0.01; // US dollars

export const count = (number) => whole.format(number);
export const compact = (number) => short.format(number);

export function tokens(number) {
  return `${count(number)} ${number === 1 ? "token" : "tokens"}`;
}

/** After all the zeros of less than a cent nobody reads a third digit: `inFull` has it, for a title. */
export const dollars = (usd) => `$${(usd < CENT ? rough : significant).format(usd)}`;
export const inFull = (usd) => `$${exact.format(usd)}`;

/** A cost: an unknown price is said, never shown as 0; a price by the dearest provider is an upper bound. */
export function cost({ usd, source }) {
  if (usd === null) return "no price";
  return `${source === "live-max" && usd > 0 ? "≤ " : ""}${dollars(usd)}`;
}

/** The same as an element shows it, with all its digits in the title. */
export const shownCost = (price) => ({ textContent: cost(price), title: price.usd === null ? "" : inFull(price.usd) });

export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${significant.format(ms / 1000)} s` : `${significant.format(ms / 60_000)} min`;
}

const SHORTEST = 50; // ms: of less a rate says nothing

export function perSecond(number, ms) {
  if (!(ms >= SHORTEST) || number <= 0) return "–";
  const rate = (number * 1000) / ms;
  return rate < 10 ? rate.toFixed(1) : count(rate);
}

/** Of an offer in the catalogue. */
export function price(pricing) {
  if (!pricing) return "no price";
  if (pricing.inputPerMillion === 0 && pricing.outputPerMillion === 0) return "free";
  return `$${significant.format(pricing.inputPerMillion)} / $${significant.format(pricing.outputPerMillion)}`;
}
