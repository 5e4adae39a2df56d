// What is left of the caller's limits, an item for each limit of its client, its ticket and the gateway: as
// draft-ietf-httpapi-ratelimit-headers has it, and by the names that clients of OpenAI's API read. Limits of keys are the operator's affair.

const MINUTE = 60; // seconds
const UNITS = {
  requests: { name: "requests", parameters: `;w=${MINUTE}`, known: "requests" },
  tokens: { name: "tokens", parameters: `;w=${MINUTE};qu="tokens"`, known: "tokens" },
  month: { name: "month", parameters: "", known: "requests" },
  concurrent: { name: "concurrent", parameters: ';qu="concurrent-requests"' },
};

/** Of headers that pages may read. */
export const QUOTA_HEADERS = [
  "RateLimit", "RateLimit-Policy",
  ...["Requests", "Tokens"].flatMap((unit) => ["Limit", "Remaining", "Reset"].map((what) => `X-RateLimit-${what}-${unit}`)),
];

const whole = (value) => Math.max(0, Math.floor(value));
const seconds = (ms) => Math.ceil(Math.max(0, ms) / 1_000);

/** Sets RateLimit and RateLimit-Policy, and X-RateLimit-… of the limit that is nearest. `quotas` is [{scope, reason, limit, remaining, reset}], reset in ms from now. */
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
