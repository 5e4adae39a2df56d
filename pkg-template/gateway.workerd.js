// The gateway in Workers.
import { DurableObject } from "cloudflare:workers";
import { limitObject } from "./gateway/limit_object.js";

export * from "./gateway/public.js";

export const LimitObject = limitObject(DurableObject);
