// Byte arrays by what the engine knows of them: `length` and its like are properties that an object may have of its own, and the
// module's memory is written as far as they say.

const slots = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(Uint8Array.prototype));
const kind = slots[Symbol.toStringTag].get;
const buffer = slots.buffer.get;
const offset = slots.byteOffset.get;
const length = slots.byteLength.get;

/** Whether it is a Uint8Array, of any realm. */
export const isBytes = (value) => kind.call(value) === "Uint8Array";

/** How many there are. */
export const lengthOf = (bytes) => length.call(bytes);

/** The same bytes as an array of our own making. */
export const ownBytes = (bytes) => new Uint8Array(buffer.call(bytes), offset.call(bytes), length.call(bytes));
