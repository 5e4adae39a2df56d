// npm install && npm run count: writes counts.json, the token count of each document of corpora/ by each tokenizer.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import gpt from "gpt-tokenizer/encoding/o200k_base";
import llama from "llama3-tokenizer-js";
import mistral from "mistral-tokenizer-js";

// The text alone, without the tokens that open or close a sequence.
const tokenizers = [
  (text) => llama.encode(text, { bos: false, eos: false }),
  (text) => mistral.encode(text, false, false),
  (text) => gpt.encode(text),
];

const corpora = new URL("corpora/", import.meta.url);
const counts = {};
for (const corpus of readdirSync(corpora).sort()) {
  const folder = new URL(`${corpus}/`, corpora);
  counts[corpus] = {};
  for (const document of readdirSync(folder).sort()) {
    const text = readFileSync(new URL(document, folder), "utf8");
    counts[corpus][document] = tokenizers.map((encode) => encode(text).length);
  }
}
writeFileSync(new URL("counts.json", import.meta.url), `${JSON.stringify(counts, null, 2)}\n`);
