import { three } from "./three.js";

// A dynamic import, so that a failing import is reported too.
const base = new URLSearchParams(location.search).get("base");
const hfetch = await import("hfetch").catch((error) => console.log(`the import failed: ${error}`));
console.log(JSON.stringify(await three(hfetch, base)));
