import * as hfetch from "hfetch";
import { answer } from "../../three.js";

export const loader = ({ request }) => answer(hfetch, request.url, request.signal);
