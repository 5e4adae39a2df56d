// What is served: paths as they stand, no prefix, no trailing slash, nothing decoded.

import { Refusal } from "./refusal.js";

const GET = ["GET", "OPTIONS"];
const POST = ["POST", "OPTIONS"];

/** Every method that is served somewhere. */
export const METHODS = ["GET", "HEAD", "POST", "OPTIONS"];

const ROUTES = {
  "/healthz": { name: "health", methods: ["GET", "HEAD", "OPTIONS"] },
  "/v1/models": { name: "models", methods: GET },
  "/v1/chat/completions": { name: "chat", methods: POST },
  "/v1/embeddings": { name: "embeddings", methods: POST },
};

const MODEL = "/v1/models/";
const MODEL_ID = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

/** { name, methods, model? }; "org/name" may be written "org%2Fname", as clients that encode an id do. */
export function route(pathname) {
  if (Object.hasOwn(ROUTES, pathname)) return ROUTES[pathname];
  const id = pathname.startsWith(MODEL) ? pathname.slice(MODEL.length).replace(/%2f/i, "/") : "";
  if (!MODEL_ID.test(id) || id.includes("..")) throw new Refusal(404, "not_found", "There is nothing at this path.");
  return { name: "models", methods: GET, model: id };
}

export function checkMethod(method, { methods }) {
  if (methods.includes(method)) return;
  throw new Refusal(405, "method_not_allowed", `Use ${methods.filter((name) => name !== "OPTIONS").join(" or ")} here.`, { headers: { allow: methods.join(", ") } });
}
