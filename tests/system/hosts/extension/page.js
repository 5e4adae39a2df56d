import * as hfetch from "./hfetch.js";
import { three } from "./three.js";

console.log(JSON.stringify(await three(hfetch, new URLSearchParams(location.search).get("base"))));
