// hfetch/web outside of pages: the module is already there, and nothing has to wait.
export * from "./index.js";
export { default } from "./index.js";

export async function ready() {}
