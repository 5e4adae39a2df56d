// wasm-bindgen's glue makes a TextDecoder and a TextEncoder on import. Some environments that load the package have none, and an import must not break a
// program. So here they are made by a function that instantiate.js calls when the module starts.
const DECODER = "let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });\ncachedTextDecoder.decode();\n";
// Every engine that can run this package's WebAssembly has encodeInto.
const ENCODER = /const cachedTextEncoder = new TextEncoder\(\);\n\nif \(!\('encodeInto' in cachedTextEncoder\)\) \{[^]*?\n\}\n/;

const PREPARE = `let cachedTextDecoder, cachedTextEncoder;
export function prepareText() {
    cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
    cachedTextEncoder = new TextEncoder();
}
`;

// A line that begins with a declaration runs on import.
const ON_IMPORT = /^(?:const|let|var)\b.*\bnew Text(?:De|En)coder/m;

/** The glue with both made later, or null if it has another form than expected. */
export function postponeText(glue) {
  if (!glue.includes(DECODER) || !ENCODER.test(glue)) return null;
  const later = glue.replace(DECODER, PREPARE).replace(ENCODER, "");
  return ON_IMPORT.test(later) ? null : later;
}
