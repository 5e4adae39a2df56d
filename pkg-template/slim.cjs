// require("hfetch/slim"): the same module that import gives.
module.exports = require("./commonjs.cjs")(() => require("./slim.js"), "slim.js");
