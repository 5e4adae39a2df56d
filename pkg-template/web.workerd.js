// hfetch/web outside of pages: the module is already there, and nothing has to wait.
export * from "./workerd.js";
export { default } from "./workerd.js";

export async function ready() {}
