"use client";
import * as hfetch from "hfetch";
import { useEffect } from "react";

// The package is loaded while this is rendered on the server, too; the scenarios run in the browser.
export default function Page() {
  useEffect(() => {
    import("../../../../package/runtime/page-report.mjs").then(({ reportScenarios }) => reportScenarios(hfetch));
  }, []);
  return <p>{Object.keys(hfetch).length} names</p>;
}
