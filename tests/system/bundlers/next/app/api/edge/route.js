import * as hfetch from "hfetch";
import { routeFor } from "../run.js";

export const runtime = "edge";
export const dynamic = "force-dynamic";
export const GET = routeFor(hfetch, "edge");
