// Which paths are served, below the operator's base path if there is one. A path must match exactly, without a trailing slash. Only characters of model ids are
// decoded.

import { Refusal } from "./refusal.js";

const GET = ["GET", "OPTIONS"];
const POST = ["POST", "OPTIONS"];

/** All methods that any path accepts. */
export const METHODS = ["GET", "HEAD", "POST", "OPTIONS"];

const ROUTES = {
  "/healthz": { name: "health", methods: ["GET", "HEAD", "OPTIONS"] },
  "/v1/models": { name: "models", methods: GET },
  "/v1/chat/completions": { name: "chat", methods: POST },
  "/v1/completions": { name: "completions", methods: POST },
  "/v1/responses": { name: "responses", methods: POST },
  "/v1/embeddings": { name: "embeddings", methods: POST },
  "/v1/rerank": { name: "rerank", methods: POST },
  // The path of text-embeddings-inference, which hfetch's client uses for every server.
  "/rerank": { name: "rerank", methods: POST },
};

const MODEL = "/v1/models/";
const MODEL_ID = /^[\w@-][\w.:@+-]*(\/[\w@-][\w.:@+-]*)*$/;

/** { name, methods, model? }. "org/name:tag" may also be written "org%2Fname%3Atag", since some clients encode the id. */
export function route(pathname, base = "") {
  const path = pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : "";
  if (Object.hasOwn(ROUTES, path)) return ROUTES[path];
  const id = path.startsWith(MODEL) ? path.slice(MODEL.length).replace(/%(2b|2f|3a|40)/gi, decodeURIComponent) : "";
  if (MODEL_ID.test(id) && !id.includes("..")) return { name: "models", methods: GET, model: id };
  const meant = meantBy(pathname);
  throw new Refusal(404, "not_found", `There is nothing at this path${meant ? `: ${base}${meant} is meant. The base URL ends in /v1, without a slash behind it` : ""}.`);
}

// The served path that the caller probably meant with another base URL: without "/v1", with "/v1" twice, or with an extra slash.
function meantBy(pathname) {
  const plain = pathname.replace(/\/{2,}/g, "/").replace(/\/$/, "").toLowerCase();
  return Object.keys(ROUTES).find((path) => plain.endsWith(path.replace("/v1", "")));
}

export function checkMethod(method, { methods }) {
  if (methods.includes(method)) return;
  throw new Refusal(405, "method_not_allowed", `Use ${methods.filter((name) => name !== "OPTIONS").join(" or ")} here.`, { headers: { allow: methods.join(", ") } });
}
