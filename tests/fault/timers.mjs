// Counts the timers of what is imported after this: the package asks for them by their global names.
const live = new Map();
const set = globalThis.setTimeout.bind(globalThis);
const clear = globalThis.clearTimeout.bind(globalThis);
const PATIENCE = 2_000;

globalThis.setTimeout = (fire, ms, ...rest) => {
  const id = set(() => {
    live.delete(id);
    fire(...rest);
  }, ms);
  live.set(id, here());
  return id;
};
globalThis.clearTimeout = (id) => {
  live.delete(id);
  clear(id);
};

// Who asked for it is only worked out for a timer that is left: to write a stack as text takes longer than many a request.
function here() {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 5;
  const trace = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return trace;
}

// Node's own fetch takes timers from the same place, for connections that it keeps.
const ours = () => [...live.values()].map(({ stack }) => stack.split("\n")).filter(([, , , taker = ""]) => !/node:internal/.test(taker));

/** The platform's own, for what is not counted. */
export const setTimer = set;
export const clearTimer = clear;

/** The timers that are left, by who asked for them, once none is or after a while. */
export async function timersLeft() {
  for (const until = Date.now() + PATIENCE; Date.now() < until && ours().length > 0; ) await new Promise((resolve) => set(resolve, 5));
  return ours().map((stack) => stack.slice(2).join("").trim());
}
