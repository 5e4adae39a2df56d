import * as hfetch from "hfetch";
import { answer } from "./three.js";

export default { fetch: (request) => (new URL(request.url).pathname === "/chat" ? answer(hfetch, request.url, request.signal) : new Response("a host")) };
