// require("hfetch/ai-sdk") where the platform gives require() nothing else (Jest, Node before 20.19): what import gives.
module.exports = require("./commonjs.cjs")(() => require("./ai-sdk.js"), "ai-sdk.js");
