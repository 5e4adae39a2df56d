export { version } from "./hfetch_bg.js";
export * from "./error.js";
