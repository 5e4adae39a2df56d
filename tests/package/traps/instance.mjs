// Keeps the module's exports, since the package exports only its own names. It must be imported before the package.

const { Instance } = WebAssembly;
let exports;

WebAssembly.Instance = function (...given) {
  const instance = new Instance(...given);
  // A small module without imports decodes the text form of the module.
  if (given.length > 1) ({ exports } = instance);
  return instance;
};

// The places have the order of src/trap.rs.
const PLACES = [
  "open", "send", "line", "admitted", "sent", "headers", "failing", "decode", "fold", "rows", "book", "settle",
  "limits", "keys", "spend", "waiting", "prices", "limiter",
];

/** The module traps when it reaches `place` for the n-th time from now on. */
export function trapAt(place, times = 1) {
  const number = PLACES.indexOf(place) + 1;
  if (number === 0) throw new Error(`no place is called ${place}`);
  exports.trap_at(number, times);
}

/** The module's stack pointer. */
export const stackPointer = () => exports.__stack_pointer.value;
