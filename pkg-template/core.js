// The client for entries that differ only in where the module comes from. All entries that a program loads share it.
export * from "./public.js";
export { arrival, arriveBy, arriveOtherwise } from "./arrival.js";
export { compile, compiling, start, startAtFirstUse, startLater, startLoaded, started } from "./instantiate.js";
