// hfetch/gateway in Workers.
import { DurableObject } from "cloudflare:workers";
import { HuggingFace, internals } from "./workerd.js";
import { open } from "./gateway/public.js";

export const { LimitObject, durableStore, gateway, issueTicket } = open(HuggingFace, internals, DurableObject);
