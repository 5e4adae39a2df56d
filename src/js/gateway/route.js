// What is served: paths as they stand, below the operator's base path if there is one, no trailing slash; of what is encoded only what may stand in a model's id is decoded.

import { Refusal } from "./refusal.js";

const GET = ["GET", "OPTIONS"];
const POST = ["POST", "OPTIONS"];

/** Every method that is served somewhere. */
export const METHODS = ["GET", "HEAD", "POST", "OPTIONS"];

const ROUTES = {
  "/healthz": { name: "health", methods: ["GET", "HEAD", "OPTIONS"] },
  "/v1/models": { name: "models", methods: GET },
  "/v1/chat/completions": { name: "chat", methods: POST },
  "/v1/completions": { name: "completions", methods: POST },
  "/v1/responses": { name: "responses", methods: POST },
  "/v1/embeddings": { name: "embeddings", methods: POST },
  "/v1/rerank": { name: "rerank", methods: POST },
  // As text-embeddings-inference has it, and so hfetch's client asks any server.
  "/rerank": { name: "rerank", methods: POST },
};

const MODEL = "/v1/models/";
const MODEL_ID = /^[\w@-][\w.:@+-]*(\/[\w@-][\w.:@+-]*)*$/;

/** { name, methods, model? }; "org/name:tag" may be written "org%2Fname%3Atag", as clients that encode an id do. */
export function route(pathname, base = "") {
  const path = pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : "";
  if (Object.hasOwn(ROUTES, path)) return ROUTES[path];
  const id = path.startsWith(MODEL) ? path.slice(MODEL.length).replace(/%(2b|2f|3a|40)/gi, decodeURIComponent) : "";
  if (MODEL_ID.test(id) && !id.includes("..")) return { name: "models", methods: GET, model: id };
  const meant = meantBy(pathname);
  throw new Refusal(404, "not_found", `There is nothing at this path${meant ? `: ${base}${meant} is meant. The base URL ends in /v1, without a slash behind it` : ""}.`);
}

// The path whose end this one has, for callers with another base URL: without "/v1", with it twice, with a slash too many.
function meantBy(pathname) {
  const plain = pathname.replace(/\/{2,}/g, "/").replace(/\/$/, "").toLowerCase();
  return Object.keys(ROUTES).find((path) => plain.endsWith(path.replace("/v1", "")));
}

export function checkMethod(method, { methods }) {
  if (methods.includes(method)) return;
  throw new Refusal(405, "method_not_allowed", `Use ${methods.filter((name) => name !== "OPTIONS").join(" or ")} here.`, { headers: { allow: methods.join(", ") } });
}
