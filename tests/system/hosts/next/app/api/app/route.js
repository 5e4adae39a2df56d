// The App Router.
import * as hfetch from "hfetch";
import { answer } from "../../../three.js";

export const dynamic = "force-dynamic";
export const GET = (request) => answer(hfetch, request.url, request.signal);
