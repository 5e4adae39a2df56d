// Node reads the module from the file beside this one, which spares it the parsing and decoding of the text in index.js.
import { HfetchError } from "./error.js";
import { instantiate, started } from "./instantiate.js";

const file = new URL("./hfetch_bg.wasm", import.meta.url);

function read() {
  try {
    // An import of node:fs loads all that its exports lead to, streams and promises too: 3 ms, more than the text costs.
    return process.getBuiltinModule("node:fs").readFileSync(file);
  } catch (cause) {
    const hint = 'Leave hfetch out of the bundle (external), copy the file there, or bundle without the condition "node-addons".';
    throw new HfetchError(`hfetch: ${file} can't be read, what bundled or copied this program left it behind. ${hint}`, { cause });
  }
}

if (!started()) instantiate(new WebAssembly.Module(read()));

export * from "./public.js";
export { default } from "./public.js";
