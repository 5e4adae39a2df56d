// Takes from a page of today what one of the oldest browsers that the package supports (Chrome 96, Firefox 92, Safari 16.4) lacks. A signal's reason stays, which
// Chrome has from 98 and Firefox from 97: without it an aborted call's error has no cause, and the scenarios expect one.
import "./size-limit.mjs";

const YOUNGER = [
  [Array, "fromAsync"],
  [Array.prototype, "findLast", "findLastIndex", "toReversed", "toSorted", "toSpliced", "with"],
  [Object.getPrototypeOf(Uint8Array.prototype), "findLast", "findLastIndex", "toReversed", "toSorted", "with"],
  [AbortSignal, "any", "timeout"],
  [AbortSignal.prototype, "throwIfAborted"],
  [Map, "groupBy"],
  [Object, "groupBy"],
  [Promise, "try", "withResolvers"],
  [ReadableStream, "from"],
  [ReadableStream.prototype, "values", Symbol.asyncIterator],
  [Response, "json"],
  [Set.prototype, "difference", "intersection", "union"],
  [String.prototype, "isWellFormed", "toWellFormed"],
  [URL, "canParse", "parse"],
  [Crypto.prototype, "randomUUID"],
  [globalThis, "CompressionStream", "DecompressionStream", "Iterator", "TextDecoderStream", "TextEncoderStream", "TransformStream", "scheduler", "structuredClone"],
];
for (const [owner, ...names] of YOUNGER) for (const name of names) delete owner[name];
