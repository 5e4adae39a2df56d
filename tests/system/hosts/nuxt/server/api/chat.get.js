import * as hfetch from "hfetch";
import { answer } from "../../three.js";

export default defineEventHandler((event) => answer(hfetch, getRequestURL(event), signalOf(event)));

function signalOf(event) {
  if (event.web?.request) return event.web.request.signal;
  const left = new AbortController();
  event.node.res.on("close", () => left.abort());
  return left.signal;
}
