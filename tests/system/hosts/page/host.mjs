// A page with a Content-Security-Policy that allows WebAssembly, and one whose policy doesn't.
const INDEX = `<!doctype html><title>A page</title>
<script type="importmap" nonce="n">{ "imports": { "hfetch": "/node_modules/hfetch/dist/index.js" } }</script>
<script type="module" src="/page.js"></script>`;
const policy = (words, base) => `default-src 'none'; script-src 'self' 'nonce-n'${words}; connect-src ${base}`;
const SAID = /^HfetchError: hfetch: WebAssembly can't be started here: .* 'wasm-unsafe-eval'/;

export const hosts = {
  "a page with 'wasm-unsafe-eval'": ({ inPage }) => inPage(INDEX, (base) => policy(" 'wasm-unsafe-eval'", base)),
  async "a page without it: the error says so"({ inPage }) {
    const results = await inPage(INDEX, (base) => policy("", base));
    return { other: Object.values(results).every((result) => SAID.test(result)) ? "ok" : JSON.stringify(results) };
  },
};
