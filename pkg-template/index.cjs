// require("hfetch"): the same module that import gives.
module.exports = require("./commonjs.cjs")(() => require("./index.js"), "index.js");
