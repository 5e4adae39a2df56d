"use client";
import * as hfetch from "hfetch";
import { useEffect } from "react";

// The server loads the package too while it renders this page; the scenarios run in the browser.
export default function Page() {
  useEffect(() => {
    import("../../../../package/runtime/page-report.mjs").then(({ reportScenarios }) => reportScenarios(hfetch));
  }, []);
  return <p>{Object.keys(hfetch).length} names</p>;
}
