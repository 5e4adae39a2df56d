"use client";
import * as hfetch from "hfetch/web";
import { useEffect } from "react";

// The same as the page above, with the module as a file: on the server it is already there, in the browser it loads.
export default function Page() {
  useEffect(() => {
    const { ready, ...names } = hfetch;
    Promise.all([ready(), import("../../../../../package/runtime/page-report.mjs")]).then(([, { reportScenarios }]) => reportScenarios(names));
  }, []);
  return <p>{Object.keys(hfetch).length} names</p>;
}
