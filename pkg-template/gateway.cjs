// require("hfetch/gateway"): the same module that import gives.
module.exports = require("./commonjs.cjs")(() => require("./gateway.js"), "gateway.js");
