// Which pages may ask, and what they may read.

import { COST_HEADERS } from "./cost.js";
import { QUOTA_HEADERS } from "./quota.js";
import { Refusal } from "./refusal.js";

const EXPOSED = ["Retry-After", ...QUOTA_HEADERS, "X-Request-Id", "X-Inference-Provider", "X-Should-Retry"];
const PREFLIGHT_SECONDS = "7200";

/** Whether the page that asks may read the answer, if it is a page. */
export function mayShare(request, origins) {
  const origin = request.headers.get("origin");
  return origin === null || origin === new URL(request.url).origin || origins.includes("*") || origins.includes(origin);
}

/** Refuses browsers that speak for a page which is not allowed: they would send even what the page can't read. */
export function checkOrigin(request, origins) {
  if (mayShare(request, origins)) return;
  const detail = `GATEWAY_ORIGINS doesn't list ${request.headers.get("origin").slice(0, 200)}`;
  throw new Refusal(403, "origin_not_allowed", "Pages of this origin may not use this gateway.", { detail });
}

/** Adds to an answer what its page needs in order to read it. */
export function share(headers, request, origins) {
  const origin = request.headers.get("origin");
  if (!origins.includes("*")) headers.append("vary", "Origin");
  if (origin === null) return;
  if (origins.includes("*")) headers.set("access-control-allow-origin", "*");
  else if (origins.includes(origin)) headers.set("access-control-allow-origin", origin);
  else return;
  // Of an operator who tells no cost not even the names.
  headers.set("access-control-expose-headers", [...EXPOSED, ...COST_HEADERS.filter((name) => headers.has(name))].join(", "));
}

/** The answer to a preflight, and to any other OPTIONS. */
export function preflight(request, methods) {
  const headers = new Headers({ allow: methods.join(", ") });
  if (request.headers.has("access-control-request-method")) {
    headers.set("access-control-allow-methods", methods.join(", "));
    headers.set("access-control-max-age", PREFLIGHT_SECONDS);
    // Clients add headers of their own (x-stainless-…), none of which goes further than this.
    const asked = request.headers.get("access-control-request-headers") ?? "";
    if (/^[\w-]+( *, *[\w-]+)*$/.test(asked)) headers.set("access-control-allow-headers", asked);
  }
  return { status: 204, headers, body: null };
}
