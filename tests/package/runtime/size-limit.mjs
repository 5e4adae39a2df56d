// On import: the constructors of WebAssembly's Module and Instance become those of Chromium before 115 on a page's thread, which refuse modules over 4 KB.
const MOST = 4096;
const small = new WeakSet();

function refuse(action, otherwise) {
  throw new RangeError(`WebAssembly.${action} is disallowed on the main thread, if the buffer size is larger than 4KB. Use WebAssembly.${otherwise}.`);
}

WebAssembly.Module = new Proxy(WebAssembly.Module, {
  construct(Module, [bytes]) {
    if (bytes.byteLength > MOST) refuse("Compile", "compile, or compile on a worker thread");
    const module = new Module(bytes);
    small.add(module);
    return module;
  },
});

WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(Instance, [module, imports]) {
    if (!small.has(module)) refuse("Instance", "instantiate");
    return new Instance(module, imports);
  },
});
