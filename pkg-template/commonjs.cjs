// Where require() takes no ES modules, the package's own are turned into CommonJS while they are loaded. This knows the few ways in
// which the build writes imports, exports and a module's own address, nothing else. What copies the files that a program needs to where it is deployed finds
// the ES modules by the require() of each entry, so that Node has them there, whichever condition it goes by.
const IMPORT = /^import (?:\{([^}]*)\} from )?"([^"]+)";$/gm;
const EXPORT = /^export \{([^}]*)\};$/gm;
const ADDRESS = /\bimport\.meta\.url\b/g;

const turned = {};

/** Gives what `load` gives, or, where that fails, the module `file` of this folder. */
module.exports = function required(load, file) {
  try {
    return load();
  } catch (refused) {
    // Not by require(): bundlers for pages would look for it.
    const fs = globalThis.process?.getBuiltinModule?.("node:fs");
    if (fs === undefined) throw refused;
    return turn(file, fs);
  }
};

Object.assign(module.exports, { IMPORT, EXPORT, ADDRESS });

function turn(file, fs) {
  if (turned[file]) return turned[file];
  const names = (list, word) => list.replace(/([\w$]+) as ([\w$]+)/g, word);
  const source = fs.readFileSync(`${__dirname}/${file}`, "utf8");
  const { href } = globalThis.process.getBuiltinModule("node:url").pathToFileURL(`${__dirname}/${file}`);
  const body = source
    .replace(ADDRESS, () => JSON.stringify(href))
    .replace(IMPORT, (_, list, from) => `const {${names(list ?? "", "$1: $2")}} = given(${JSON.stringify(from)});`)
    .replace(EXPORT, (_, list) => `return {${names(list, "$2: $1")}};`);
  const given = (from) => (from === "hfetch" ? require("./index.cjs") : turn(from.slice("./".length), fs));
  // A function of the global object that this file runs under: Jest gives each test file its own.
  turned[file] = new Function("given", `"use strict";${body}`)(given);
  // As Node does it: compilers that write require() for import look for the default by this.
  return Object.defineProperty(turned[file], "__esModule", { value: true });
}
