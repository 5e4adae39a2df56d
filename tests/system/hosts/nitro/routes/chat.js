import * as hfetch from "hfetch";
import { answer } from "../three.js";

export default (event) => answer(hfetch, event.req.url, event.req.signal);
