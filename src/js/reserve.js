// A caller's LimitStore: it may be slow, fail, or answer after nobody waits any more.

const quietly = async (work) => {
  try {
    await work();
  } catch {
    // A store that misses an end expires the reservation by itself.
  }
};

export function reserve(store, request, cancel) {
  const answer = (async () => store.reserve(request))();
  return cancel.race(answer, (late) => late?.ok && quietly(() => store.release(late.reservation)));
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
