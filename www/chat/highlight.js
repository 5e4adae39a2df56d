// The languages in which answers are mostly written.

import core from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import css from "highlight.js/lib/languages/css";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";

for (const [name, language] of Object.entries({ bash, css, javascript, json, python, rust, sql, typescript, xml })) core.registerLanguage(name, language);

const LONGEST = 100_000; // characters: for a longer text, colours cost more than they help

/** HTML with spans for the colours, or null if the language is unknown. */
export function highlight(text, language) {
  return core.getLanguage(language) && text.length < LONGEST ? core.highlight(text, { language, ignoreIllegals: true }).value : null;
}
