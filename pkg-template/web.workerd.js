// hfetch/web where there is no page: the module is there, and nothing has to be waited for.
export * from "./workerd.js";
export { default } from "./workerd.js";

export async function ready() {}
