// The entry that every bundler gets.
import * as hfetch from "hfetch";
import { reportScenarios } from "../../package/runtime/page-report.mjs";

reportScenarios(hfetch);
