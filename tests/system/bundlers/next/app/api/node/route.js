import * as hfetch from "hfetch";
import { routeFor } from "../run.js";

export const runtime = "nodejs";
export const dynamic = "force-dynamic";
export const GET = routeFor(hfetch, "node");
