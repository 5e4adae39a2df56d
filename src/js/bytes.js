// Reads the length and buffer of byte arrays from the engine. An array's own properties can't be trusted: a caller could override `length`, and the module's memory is
// written by that number.

const getter = (name) => Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name).get;
const kind = getter(Symbol.toStringTag);
const buffer = getter("buffer");
const offset = getter("byteOffset");
const length = getter("byteLength");

/** Whether a value is a Uint8Array, of any realm. */
export const isBytes = (value) => kind.call(value) === "Uint8Array";

/** The number of bytes. */
export const lengthOf = (bytes) => length.call(bytes);

/** The same bytes as an array that this package has made itself. */
export const ownBytes = (bytes) => new Uint8Array(buffer.call(bytes), offset.call(bytes), length.call(bytes));
