// The same for hfetch/web, whose module is a file that the bundler includes, or text in a script of its own.
import * as hfetch from "hfetch/web";
import { reportScenarios } from "../../../package/runtime/page-report.mjs";

await hfetch.ready();
const { ready, ...names } = hfetch;
reportScenarios(names);
