// The client, for entries that differ only in where the module comes from: of those that one program loads, all have the same one.
export * from "./public.js";
export { arrival, arriveBy, arriveOtherwise } from "./arrival.js";
export { compile, start, startAtFirstUse, startLater, started } from "./instantiate.js";
