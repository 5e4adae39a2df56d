// Limits that are known to let nothing through for a while: who comes meanwhile is refused before a body is read, and without a
// question to whoever counts. What is known is what the answers to others have told.

import { refusalOfLimit } from "./upstream_error.js";

const MOST = 10_000; // scopes that are remembered
const MOMENT = 1_000; // ms for which places are believed taken, that may be free at any time: as long as Retry-After says
const MINUTE = 60_000; // ms, and for which a refusal is believed: a limit may be raised, and what counts may be given back elsewhere
const LARGE = 65_536; // bytes of a body from which on reading it takes the time of others
const COUNTED = ["requests", "month"];

export class ClosedLimits {
  #closed = new Map(); // {reason, limit, until, believed, limits} by scope: until when it holds, and is believed, of these limits
  #wasted = new Map(); // {count, until} by scope: large bodies of this minute that were read in vain

  /** The refusal of a call that counts against a closed limit; undefined where none is closed. */
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
   * A call was refused: nothing smaller would have been let through either, if it was for the number of calls. What is left of its limits is
   * told beside: a body that is too large for one of them may be one too many for another. What a key of the model's server refuses says nothing:
   * another one may be free for another model.
   */
  refused({ scope, reason, retryAfter, quotas }, now, parts = []) {
    const isCounted = COUNTED.includes(reason);
    const close = (one, closed) => this.#close(parts.find((part) => part.scope === one) ?? { scope: one }, closed, now);
    if (isCounted || reason === "concurrent") close(scope, { reason, until: now + (isCounted ? retryAfter : MOMENT) });
    for (const { scope: one, reason: limited, limit, remaining, reset } of quotas ?? []) {
      if (COUNTED.includes(limited) && remaining < 1) close(one, { reason: limited, limit, until: now + reset });
    }
  }

  /** A call that was let through has ended; `sent` says whether anything was sent for it, or it has not even been counted. */
  ended(parts, sent) {
    for (const { scope } of parts) {
      if (!sent || this.#closed.get(scope)?.reason === "concurrent") this.#closed.delete(scope);
    }
  }

  /** A request was refused of whose body so many bytes had been read. Of large ones no more are read in a minute than requests are allowed. */
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

// Whether a scope is of callers, as a call's parts are.
const isCallers = (scope) => /^(client|ticket|gateway)(:|$)/.test(scope ?? "");

// What was put first goes first: each scope is a caller's own, and what is forgotten costs one question.
function put(map, scope, value) {
  map.delete(scope);
  map.set(scope, value);
  if (map.size > MOST) map.delete(map.keys().next().value);
}
