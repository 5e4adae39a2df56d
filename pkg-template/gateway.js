// hfetch/gateway on hosts without Durable Objects. It imports "hfetch" by the package's name and so gets the same copy as the program: there is one client in memory.
import { HuggingFace, internals } from "hfetch";
import { open } from "./gateway/public.js";

export const { LimitObject, durableStore, gateway, issueTicket } = open(HuggingFace, internals);
