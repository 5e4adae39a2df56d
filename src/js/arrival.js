// Where the module is a file that may still be on its way (hfetch/web): calls wait for it. Anywhere else it is there, or starts at its first use.

let here = false;
let load;
let otherwise;

// `given` resolves when the module runs; after a failure it may be called again.
export function arriveBy(given) {
  load = given;
}

// The same, for when no entry has said how.
export function arriveOtherwise(given) {
  otherwise = given;
}

export function hasArrived() {
  here = true;
}

export const isHere = () => here;

// A promise of the module that runs, or undefined where there is nothing to wait for.
export const arrival = () => (here ? undefined : (load ?? otherwise)?.());
