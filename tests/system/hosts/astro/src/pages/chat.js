import * as hfetch from "hfetch";
import { answer } from "../../three.js";

export const GET = ({ request }) => answer(hfetch, request.url, request.signal);
