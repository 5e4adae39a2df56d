// Next's edge runtime: as workerd, but the import needs `?module`.
import module from "./hfetch_bg.wasm?module";
import { instantiate } from "./instantiate.js";

instantiate(module);

export * from "./public.js";
export { default } from "./public.js";
