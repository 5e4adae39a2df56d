import * as hfetch from "hfetch";
import { expect, test } from "vitest";
import { three } from "./three.js";

test("the three", async () => {
  const results = await three(hfetch, import.meta.env.BASE ?? process.env.BASE);
  console.log(JSON.stringify(results));
  expect(results).toEqual({ stream: "ok", cancel: "ok", error: "ok" });
});
