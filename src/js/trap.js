// Guards every function of the module. If one throws, a trap has happened (or something as bad): nothing is unwound inside the module, and what it was
// working on is lost. The caller gets a typed error and ends what that call belongs to.

import { HfetchError, makeError } from "./error.js";

let stack; // the module's stack pointer
let empty; // the stack pointer while nothing in the module runs

// Called for every network chunk, of whose time a guard would take a twentieth. Its caller does the guarding.
const BARE = "decoderhandle_commit";

// A module's exports, with guarded functions.
export function guarded(exports) {
  stack = exports.__stack_pointer;
  empty = stack.value;
  const guards = Object.entries(exports).map(([name, value]) => [name, typeof value === "function" && name !== BARE ? guard(value) : value]);
  return Object.fromEntries(guards);
}

function guard(enter) {
  return (...given) => {
    try {
      return enter(...given);
    } catch (error) {
      throw trapped(error);
    }
  };
}

// The error for a trap.
export function trapped(error) {
  // A trap leaves the stack pointer where it was. In a microtask no function of the module is running, so it can be reset.
  queueMicrotask(() => (stack.value = empty));
  if (error instanceof HfetchError) return error;
  return makeError("HfetchError", "An internal fault ended this call, and others go on: see cause.", { hint: "Please report it.", cause: error });
}
