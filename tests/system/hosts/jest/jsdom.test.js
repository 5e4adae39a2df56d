/** @jest-environment jest-fixed-jsdom */
const hfetch = require("hfetch");
const { three } = require("./three.cjs");

test("the three", async () => {
  expect(document.body).toBeDefined();
  console.log(JSON.stringify(await three(hfetch, process.env.BASE)));
});
