// What is left of the caller's limits, as draft-ietf-httpapi-ratelimit-headers has it: an item for each limit of its client,
// its ticket and the gateway. Limits of keys are the operator's affair.

const MINUTE = 60; // seconds
const UNITS = {
  requests: { name: "requests", parameters: `;w=${MINUTE}` },
  tokens: { name: "tokens", parameters: `;w=${MINUTE};qu="tokens"` },
  month: { name: "month", parameters: "" },
  concurrent: { name: "concurrent", parameters: ';qu="concurrent-requests"' },
};

const whole = (value) => Math.max(0, Math.floor(value));

/** Sets RateLimit and RateLimit-Policy. `quotas` is [{scope, reason, limit, remaining, reset}], reset in ms from now. */
export function tellQuotas(headers, quotas) {
  const policies = [];
  const states = [];
  for (const { scope, reason, limit, remaining, reset } of quotas ?? []) {
    const [, owner] = /^(client|ticket|gateway)(?::|$)/.exec(scope) ?? [];
    const unit = UNITS[reason];
    if (!owner || !unit) continue;
    const name = `"${owner}-${unit.name}"`;
    policies.push(`${name};q=${whole(limit)}${unit.parameters}`);
    states.push(`${name};r=${whole(remaining)}${Number.isFinite(reset) ? `;t=${Math.ceil(Math.max(0, reset) / 1_000)}` : ""}`);
  }
  if (policies.length === 0) return;
  headers.set("ratelimit-policy", policies.join(", "));
  headers.set("ratelimit", states.join(", "));
}
