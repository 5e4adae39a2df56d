// wasm-bindgen's glue makes a TextDecoder and a TextEncoder on import. Not every environment that loads the package has them, and an
// import must break no program: here they are made by a function, which instantiate.js calls when the module starts.
const DECODER = "let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });\ncachedTextDecoder.decode();\n";
// All that have the WebAssembly of this package have encodeInto.
const ENCODER = /const cachedTextEncoder = new TextEncoder\(\);\n\nif \(!\('encodeInto' in cachedTextEncoder\)\) \{[^]*?\n\}\n/;

const PREPARE = `let cachedTextDecoder, cachedTextEncoder;
export function prepareText() {
    cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
    cachedTextEncoder = new TextEncoder();
}
`;

// A line that begins with a declaration runs on import.
const ON_IMPORT = /^(?:const|let|var)\b.*\bnew Text(?:De|En)coder/m;

/** The glue with both made later, or null where it is written otherwise than this expects. */
export function postponeText(glue) {
  if (!glue.includes(DECODER) || !ENCODER.test(glue)) return null;
  const later = glue.replace(DECODER, PREPARE).replace(ENCODER, "");
  return ON_IMPORT.test(later) ? null : later;
}
