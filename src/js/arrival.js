// Tells whether the WebAssembly module runs yet. With hfetch/web the module is a file that may still be loading, and calls wait for it. Every other entry has it
// already, or starts it at its first use.

let here = false;
let load;
let otherwise;

// `given` returns a promise that resolves once the module runs; after a failure it may be called again.
export function arriveBy(given) {
  load = given;
}

// The same for a package whose entry has not called `arriveBy`.
export function arriveOtherwise(given) {
  otherwise = given;
}

export function hasArrived() {
  here = true;
}

export const isHere = () => here;

// A promise that resolves once the module runs, or undefined if there is nothing to wait for.
export const arrival = () => (here ? undefined : (load ?? otherwise)?.());
