// Byte arrays by what the engine knows of them: `length` and its like are properties that an object may have of its own, and the
// module's memory is written as far as they say.

const getter = (name) => Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name).get;
const kind = getter(Symbol.toStringTag);
const buffer = getter("buffer");
const offset = getter("byteOffset");
const length = getter("byteLength");

/** Whether it is a Uint8Array, of any realm. */
export const isBytes = (value) => kind.call(value) === "Uint8Array";

/** How many there are. */
export const lengthOf = (bytes) => length.call(bytes);

/** The same bytes as an array of our own making. */
export const ownBytes = (bytes) => new Uint8Array(buffer.call(bytes), offset.call(bytes), length.call(bytes));
