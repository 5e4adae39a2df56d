// Tells whether the WebAssembly module runs yet. With hfetch/web the module is a file that may still be loading, and calls wait for it. Every other entry has it
// already, or starts it at its first use, except in browsers that compile a module of this size only in the background: there calls wait as well.

let here = false;
let coming;
let startNow;
let load;
let otherwise;

// `given` returns a promise that resolves once the module runs; after a failure it is called again.
export function arriveBy(given) {
  load = given;
}

// The same for a package whose entry has not called `arriveBy`.
export function arriveOtherwise(given) {
  otherwise = given;
}

// For an entry that has its module: `given` starts it and returns undefined, or returns such a promise where the engine won't start it at once.
export function arriveAtFirstUse(given) {
  startNow = given;
  coming = undefined; // it needn't wait for what another entry is loading
}

export function hasArrived() {
  here = true;
}

// Whether the module is in this program, running or not.
export const isHere = () => here || startNow !== undefined;

// A promise that resolves once the module runs, or undefined if there is nothing to wait for.
export const arrival = () => (here ? undefined : (coming ??= arriving()));

// All calls wait for the same promise. A caller that only asks whether it must wait doesn't handle that promise, so its failure is caught here; those that
// wait are told of it all the same.
function arriving() {
  const given = (startNow ?? load ?? otherwise)?.();
  given?.catch(() => (coming = undefined));
  return given;
}
