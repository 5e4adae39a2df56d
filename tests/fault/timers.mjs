// Counts the timers of all modules that are imported after this one: the package calls the global functions.
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

// The stack is turned into text only for a timer that is left, since that takes longer than many a request.
function here() {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 5;
  const trace = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return trace;
}

// Node's own fetch calls the same functions, for connections that it keeps.
const ours = () => [...live.values()].map(({ stack }) => stack.split("\n")).filter(([, , , taker = ""]) => !/node:internal/.test(taker));

/** The platform's own function, for timers that aren't counted. */
export const setTimer = set;
export const clearTimer = clear;

/** The timers that are left, with the code that set them: waits until there is none, or for a while. */
export async function timersLeft() {
  for (const until = Date.now() + PATIENCE; Date.now() < until && ours().length > 0; ) await new Promise((resolve) => set(resolve, 5));
  return ours().map((stack) => stack.slice(2).join("").trim());
}
