// Which pages may call the gateway, and what they may read.

import { COST_HEADERS } from "./cost.js";
import { QUOTA_HEADERS } from "./quota.js";
import { Refusal } from "./refusal.js";

const EXPOSED = ["Retry-After", ...QUOTA_HEADERS, "X-Request-Id", "X-Inference-Provider", "X-Should-Retry"];
const PREFLIGHT_SECONDS = "7200";

/** Whether a page may read the answer, if the caller is a page. */
export function mayShare(request, origins) {
  const origin = request.headers.get("origin");
  return origin === null || origin === new URL(request.url).origin || origins.includes("*") || origins.includes(origin);
}

/** Refuses requests from pages that aren't allowed: a browser sends them even if the page can't read the answer. */
export function checkOrigin(request, origins) {
  if (mayShare(request, origins)) return;
  const detail = `GATEWAY_ORIGINS doesn't list ${request.headers.get("origin").slice(0, 200)}`;
  throw new Refusal(403, "origin_not_allowed", "Pages of this origin may not use this gateway.", { detail });
}

/** Adds the headers that a page needs to read the answer. */
export function share(headers, request, origins) {
  const origin = request.headers.get("origin");
  if (!origins.includes("*")) headers.append("vary", "Origin");
  if (origin === null) return;
  if (origins.includes("*")) headers.set("access-control-allow-origin", "*");
  else if (origins.includes(origin)) headers.set("access-control-allow-origin", origin);
  else return;
  // If the operator hides costs, the names of these headers aren't shown either.
  headers.set("access-control-expose-headers", [...EXPOSED, ...COST_HEADERS.filter((name) => headers.has(name))].join(", "));
}

/** The answer to a preflight request, and to every other OPTIONS request. */
export function preflight(request, methods) {
  const headers = new Headers({ allow: methods.join(", ") });
  if (request.headers.has("access-control-request-method")) {
    headers.set("access-control-allow-methods", methods.join(", "));
    headers.set("access-control-max-age", PREFLIGHT_SECONDS);
    // Clients add headers of their own (x-stainless-…). They are allowed, and the gateway doesn't pass them on.
    const asked = request.headers.get("access-control-request-headers") ?? "";
    if (/^[\w-]+( *, *[\w-]+)*$/.test(asked)) headers.set("access-control-allow-headers", asked);
  }
  return { status: 204, headers, body: null };
}
