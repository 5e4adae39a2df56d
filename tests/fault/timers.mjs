// Counts the timers of what is imported after this: the package asks for them by their global names.
const live = new Set();
const set = globalThis.setTimeout.bind(globalThis);
const clear = globalThis.clearTimeout.bind(globalThis);
const PATIENCE = 2_000;

globalThis.setTimeout = (fire, ms, ...rest) => {
  const id = set(() => {
    live.delete(id);
    fire(...rest);
  }, ms);
  // Node's own fetch takes them from the same place, for connections that it keeps.
  if (!/node:internal/.test(new Error().stack.split("\n")[2])) live.add(id);
  return id;
};
globalThis.clearTimeout = (id) => {
  live.delete(id);
  clear(id);
};

/** The platform's own, for what is not counted. */
export const setTimer = set;
export const clearTimer = clear;

/** How many timers are left, once none is or after a while. */
export async function timersLeft() {
  for (const until = Date.now() + PATIENCE; Date.now() < until && live.size > 0; ) await new Promise((resolve) => set(resolve, 5));
  return live.size;
}
