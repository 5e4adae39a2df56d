// A caller's LimitStore: it may be slow, fail, or answer after nobody waits any more.

import { timer } from "./cancel.js";

const PATIENCE = 10_000; // ms for which the end of a call waits for a store

// Effects, by the numbers of step.rs.
const WAKE = 0;
const SETTLE = 1;
const RELEASE = 2;
const RENEW = 4;

async function quietly(work) {
  let alarm;
  const late = new Promise((resolve) => (alarm = timer(resolve, PATIENCE)));
  try {
    await Promise.race([work(), late]);
  } catch {
    // A store that misses an end expires the reservation by itself.
  } finally {
    alarm.clear();
  }
}

// The store's answer to a request for a reservation.
export async function ask(store, request) {
  return store.reserve(request);
}

// Hands an answer on that comes after the call has ended.
export const recover = (answer, take) => quietly(async () => take(await answer));

// Does what the core wants done beside the next step; what a store still has to store goes into `storing`.
export function carryOut(client, effects, storing) {
  for (const effect of effects) {
    if (effect.kind === WAKE) {
      client.waiters.get(effect.number)?.();
      continue;
    }
    const stored = quietly(() => write(client.store, effect));
    // Nobody waits for a word that a call is under way.
    if (effect.kind === RENEW) continue;
    storing.push(stored);
    // Something is free again once the store has heard of it.
    stored.then(() => client.waiters.get(client.freed())?.());
  }
}

function write(store, { kind, name, number, usd, now }) {
  if (kind === SETTLE) return store.settle(name, { tokens: number, usd, now });
  // A store of a caller's own may hold what is open until it ends.
  if (kind === RENEW) return store.renew?.(name, { now });
  return kind === RELEASE ? store.release(name) : store.block(name, number);
}
