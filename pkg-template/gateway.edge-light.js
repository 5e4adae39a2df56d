// The gateway in Next's edge runtime.
import { HuggingFace } from "./edge-light.js";
import { open } from "./gateway/public.js";

export const { LimitObject, durableStore, gateway, issueTicket } = open(HuggingFace);
