// A caller's LimitStore: it may be slow, fail, or answer after nobody waits any more.

import { timer } from "./cancel.js";

const PATIENCE = 10_000; // ms for which the end of a call waits for a store

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

// Who leaves meanwhile never hears of the reservation: it is released as it comes. That goes into `storing`, for which the
// settlement waits, since a host may stop whatever nobody waits for.
export function reserve(store, request, cancel, storing) {
  const answer = (async () => store.reserve(request))();
  const giveBack = async () => {
    const late = await answer;
    if (late?.ok) await store.release(late.reservation);
  };
  // The answer may be on its way to who asked when the call ends: then it is theirs to give back.
  let heard = false;
  answer.then(() => (heard = true), () => {});
  const forget = cancel.onEnd(() => heard || storing.push(quietly(giveBack)));
  return cancel.race(answer).finally(forget);
}

export function settle(store, reservation, tokens, usd, now) {
  return quietly(() => store.settle(reservation, { tokens, usd, now }));
}

export function release(store, reservation) {
  return quietly(() => store.release(reservation));
}

export function block(store, scope, until) {
  return quietly(() => store.block(scope, until));
}
