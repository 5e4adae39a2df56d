// Tells a caller what is left of the limits of its client, its ticket and the gateway: in the headers of draft-ietf-httpapi-ratelimit-headers and in those that clients
// of OpenAI's API read. The limits of keys are the operator's business and aren't told.

const MINUTE = 60; // seconds
const UNITS = {
  requests: { name: "requests", parameters: `;w=${MINUTE}`, known: "requests" },
  tokens: { name: "tokens", parameters: `;w=${MINUTE};qu="tokens"`, known: "tokens" },
  month: { name: "month", parameters: "", known: "requests" },
  concurrent: { name: "concurrent", parameters: ';qu="concurrent-requests"' },
};

/** Headers that pages may read. */
export const QUOTA_HEADERS = [
  "RateLimit", "RateLimit-Policy",
  ...["Requests", "Tokens"].flatMap((unit) => ["Limit", "Remaining", "Reset"].map((what) => `X-RateLimit-${what}-${unit}`)),
];

const whole = (value) => Math.max(0, Math.floor(value));
const seconds = (ms) => Math.ceil(Math.max(0, ms) / 1_000);

/**
 * Sets RateLimit and RateLimit-Policy, and X-RateLimit-… for the limit that is nearest. `quotas` is [{scope, reason, limit, remaining, reset}], with `reset` in ms from
 * now.
 */
export function tellQuotas(headers, quotas) {
  const policies = [];
  const states = [];
  const nearest = {};
  for (const quota of quotas ?? []) {
    const { scope, reason, limit, remaining, reset } = quota;
    const [, owner] = /^(client|ticket|gateway)(?::|$)/.exec(scope) ?? [];
    const unit = UNITS[reason];
    if (!owner || !unit) continue;
    const name = `"${owner}-${unit.name}"`;
    policies.push(`${name};q=${whole(limit)}${unit.parameters}`);
    states.push(`${name};r=${whole(remaining)}${Number.isFinite(reset) ? `;t=${seconds(reset)}` : ""}`);
    if (unit.known && !(remaining >= nearest[unit.known]?.remaining)) nearest[unit.known] = quota;
  }
  if (policies.length === 0) return;
  headers.set("ratelimit-policy", policies.join(", "));
  headers.set("ratelimit", states.join(", "));
  for (const [unit, { limit, remaining, reset }] of Object.entries(nearest)) {
    headers.set(`x-ratelimit-limit-${unit}`, String(whole(limit)));
    headers.set(`x-ratelimit-remaining-${unit}`, String(whole(remaining)));
    if (Number.isFinite(reset)) headers.set(`x-ratelimit-reset-${unit}`, `${seconds(reset)}s`);
  }
}
