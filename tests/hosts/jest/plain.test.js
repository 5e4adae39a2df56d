/** @jest-environment jsdom */
const hfetch = require("hfetch");
require("hfetch/gateway");

test("the import works, and the first use says what is missing and what to do", () => {
  expect(() => new hfetch.HuggingFace({ apiKey: "hf_host" })).toThrow(/^hfetch: .*TextDecoder.*jest-fixed-jsdom/);
  expect(() => hfetch.estimateTokens("x")).toThrow(hfetch.HfetchError);
});
