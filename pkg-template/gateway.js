// The gateway where there are no Durable Objects. By its name the package gives what it gives the program itself: one client in memory.
import { HuggingFace, internals } from "hfetch";
import { open } from "./gateway/public.js";

export const { LimitObject, durableStore, gateway, issueTicket } = open(HuggingFace, internals);
