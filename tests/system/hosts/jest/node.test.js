const hfetch = require("hfetch");
const { gateway } = require("hfetch/gateway");
const slim = require("hfetch/slim");
const { three } = require("./three.cjs");

test("the three", async () => {
  console.log(JSON.stringify(await three(hfetch, process.env.BASE)));
});

test("all entries are there, and classes are what they are elsewhere", () => {
  expect(gateway().fetch).toBeInstanceOf(Function);
  expect(() => slim.estimateTokens("x")).toThrow("hfetch/slim is not initialised");
  expect(() => new hfetch.HuggingFace({ timeout: "soon" })).toThrow(hfetch.ConfigError);
  expect(require("hfetch").HuggingFace).toBe(hfetch.HuggingFace);
});
