// The entry point that every bundler is given.
import * as hfetch from "hfetch";
import { reportScenarios } from "../../package/runtime/page-report.mjs";

reportScenarios(hfetch);
