/** @jest-environment jsdom */
const hfetch = require("hfetch");
require("hfetch/gateway");

test("the import works, and the first use says what is missing and what to do", () => {
  const make = () => new hfetch.HuggingFace({ apiKey: "hf_host" });
  expect(make).toThrow(/^hfetch: .*TextDecoder/);
  expect(make).toThrow(expect.objectContaining({ hint: expect.stringContaining("jest-fixed-jsdom") }));
  expect(() => hfetch.estimateTokens("x")).toThrow(hfetch.HfetchError);
});
