// The module's bytes as text, for hfetch/web in bundles that lack the file.
export { default } from "./hfetch_bg.wasm";
