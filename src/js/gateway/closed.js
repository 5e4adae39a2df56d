// Remembers which limits currently let nothing through, as earlier answers have shown. A caller of such a limit is refused before the body is read, and
// without asking the store.

import { refusalOfLimit } from "./upstream_error.js";

const MOST = 10_000; // scopes that are remembered
const MOMENT = 1_000; // ms for which a refusal for too many running calls is believed, though a place may become free at any time: the time in Retry-After
const MINUTE = 60_000; // ms for which any other refusal is believed: the operator may raise a limit, and the store may give counts back
const LARGE = 65_536; // bytes from which on reading a body takes time away from other requests
const COUNTED = ["requests", "month"];

export class ClosedLimits {
  #closed = new Map(); // {reason, limit, until, believed, limits} by scope: when it opens, until when that is believed, and with which limits
  #wasted = new Map(); // {count, until} by scope: how many large bodies were read in vain in this minute

  /** The refusal for a call that counts against a closed limit; undefined if none is closed. */
  refusal(parts, now) {
    let longest;
    for (const { scope, limits } of parts) {
      const found = this.#closed.get(scope);
      if (found && (found.believed <= now || found.limits !== JSON.stringify(limits))) this.#closed.delete(scope);
      else if (found && !(found.until <= longest?.until)) longest = { scope, ...found };
    }
    if (longest === undefined) return undefined;
    const { scope, reason, limit, until } = longest;
    const retryAfter = until - now;
    const quotas = limit === undefined ? undefined : [{ scope, reason, limit, remaining: 0, reset: retryAfter }];
    return Object.assign(refusalOfLimit({ scope, reason, retryAfter }), { quotas });
  }

  /**
   * Notes that a call was refused. If it was refused for the number of calls, a smaller one would have been refused too. The quotas tell more: a body that is too large
   * for one limit may be one too many for another. The refusal of a key at the model's server is ignored, since the key may be free for another model.
   */
  refused({ scope, reason, retryAfter, quotas }, now, parts = []) {
    const isCounted = COUNTED.includes(reason);
    const close = (one, closed) => this.#close(parts.find((part) => part.scope === one) ?? { scope: one }, closed, now);
    if (isCounted || reason === "concurrent") close(scope, { reason, until: now + (isCounted ? retryAfter : MOMENT) });
    for (const { scope: one, reason: limited, limit, remaining, reset } of quotas ?? []) {
      if (COUNTED.includes(limited) && remaining < 1) close(one, { reason: limited, limit, until: now + reset });
    }
  }

  /** Notes that an admitted call has ended. `sent` says whether anything was sent for it; if not, it has not been counted. */
  ended(parts, sent) {
    for (const { scope } of parts) {
      if (!sent || this.#closed.get(scope)?.reason === "concurrent") this.#closed.delete(scope);
    }
  }

  /** Notes that a request was refused after so many bytes of its body had been read. Per minute, only as many large bodies are read in vain as requests are allowed. */
  wasted(parts, bytes, now) {
    if (bytes < LARGE) return;
    const part = parts.find(({ limits }) => limits?.requestsPerMinute > 0);
    if (part === undefined) return;
    const { scope, limits } = part;
    let wasted = this.#wasted.get(scope);
    if (!(wasted?.until > now)) wasted = { count: 0, until: now + MINUTE };
    wasted.count += 1;
    put(this.#wasted, scope, wasted);
    const limit = limits.requestsPerMinute;
    if (wasted.count >= limit) this.#close(part, { reason: "requests", limit, until: wasted.until }, now);
  }

  #close({ scope, limits }, closed, now) {
    const known = this.#closed.get(scope);
    if (!isCallers(scope) || !Number.isFinite(closed.until) || known?.until >= closed.until) return;
    put(this.#closed, scope, { ...closed, believed: Math.min(closed.until, now + MINUTE), limits: JSON.stringify(limits) });
  }
}

// Whether the scope belongs to callers, as those of a call's parts do.
const isCallers = (scope) => /^(client|ticket|gateway)(:|$)/.test(scope ?? "");

// Keeps the newest scopes. Forgetting one costs one question to the store.
function put(map, scope, value) {
  map.delete(scope);
  map.set(scope, value);
  if (map.size > MOST) map.delete(map.keys().next().value);
}
