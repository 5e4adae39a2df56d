// The gateway where there are no Durable Objects.
import { HuggingFace } from "./index.js";
import { open } from "./gateway/public.js";

export const { LimitObject, durableStore, gateway, issueTicket } = open(HuggingFace);
