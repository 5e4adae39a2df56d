// Every way into the module. Whatever is thrown out of it is a trap, or as bad as one: nothing unwinds in there. What it was
// in the middle of is lost; who called learns it by a typed error and ends what it belongs to.

import { HfetchError, makeError } from "./error.js";

let stack; // the module's stack pointer
let empty; // where it stands while nothing of the module runs

// Called for every network chunk, of which a guard is a twentieth: its caller is one.
const BARE = "decoderhandle_commit";

// A module's exports, its functions guarded.
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

// The error that a trap becomes.
export function trapped(error) {
  // A trap leaves the stack as deep as it was. In a microtask nothing of the module's is on it.
  queueMicrotask(() => (stack.value = empty));
  if (error instanceof HfetchError) return error;
  return makeError("HfetchError", "An internal fault ended this call, and others go on: see cause.", { hint: "Please report it.", cause: error });
}
