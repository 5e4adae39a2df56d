// Imported before the package: keeps the module's exports, of which the package hands on only its own.

const { Instance } = WebAssembly;
let exports;

WebAssembly.Instance = function (...given) {
  const instance = new Instance(...given);
  // The text form of the module is decoded by a small module of its own, which has no imports.
  if (given.length > 1) ({ exports } = instance);
  return instance;
};

// In the order of src/js/trap.rs.
const PLACES = [
  "open", "send", "line", "admitted", "sent", "headers", "failing", "decode", "fold", "rows", "book", "settle",
  "limits", "keys", "spend", "waiting", "prices", "limiter",
];

/** The module traps where it comes to `place` for the n-th time from now on. */
export function trapAt(place, times = 1) {
  const number = PLACES.indexOf(place) + 1;
  if (number === 0) throw new Error(`no place is called ${place}`);
  exports.trap_at(number, times);
}

/** Where the module's stack stands. */
export const stackPointer = () => exports.__stack_pointer.value;
