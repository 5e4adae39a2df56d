// Numbers as a person reads them.

const count = new Intl.NumberFormat("en");
const significant = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, maximumFractionDigits: 12 });

export function tokens(number) {
  return `${count.format(number)} ${number === 1 ? "token" : "tokens"}`;
}

/** An unknown price is said, never shown as 0; a price by the dearest provider is an upper bound. */
export function usd({ usd, source }) {
  if (usd === null) return "price unknown";
  return `${source === "live-max" ? "at most " : ""}$${significant.format(usd)}`;
}

export function duration(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${significant.format(ms / 1000)} s`;
}
