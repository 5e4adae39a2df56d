// hfetch/web where there is no page: the module is there, and nothing has to be waited for.
export * from "./index.js";
export { default } from "./index.js";

export async function ready() {}
