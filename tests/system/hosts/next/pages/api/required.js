// The Pages Router, in CommonJS.
const hfetch = require("hfetch");
const { three } = require("../../three.js");

module.exports = async (request, response) => response.json(await three(hfetch, request.query.base));
