// A limit store of the caller's. It may be slow, fail, or answer after nobody waits any more.

import { timer } from "./cancel.js";

const PATIENCE = 10_000; // ms for which the end of a call waits for a store

// The numbers of effects, as in step.rs.
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
    // If the store misses the end of a reservation, it expires the reservation by itself.
  } finally {
    alarm.clear();
  }
}

// Asks the store for a reservation.
export async function ask(store, request) {
  return store.reserve(request);
}

// Passes on an answer that comes after the call has ended.
export const recover = (answer, take) => quietly(async () => take(await answer));

// Carries out the core's effects. Promises of what the store still has to store go into `storing`.
export function carryOut(client, effects, storing) {
  for (const effect of effects) {
    if (effect.kind === WAKE) {
      client.waiters.get(effect.number)?.();
      continue;
    }
    const stored = quietly(() => write(client.store, effect));
    // Nobody waits for a renewal to be stored.
    if (effect.kind === RENEW) continue;
    storing.push(stored);
    // Once the store has stored this, limits are free again.
    stored.then(() => client.waiters.get(client.freed())?.());
  }
}

function write(store, { kind, name, number, usd, now }) {
  if (kind === SETTLE) return store.settle(name, { tokens: number, usd, now });
  // A caller's own store may have no `renew`, and keep reservations until they end.
  if (kind === RENEW) return store.renew?.(name, { now });
  return kind === RELEASE ? store.release(name) : store.block(name, number);
}
