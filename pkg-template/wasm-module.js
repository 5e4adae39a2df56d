// The module's bytes as text, for hfetch/web where its file did not come along.
export { default } from "./hfetch_bg.wasm";
