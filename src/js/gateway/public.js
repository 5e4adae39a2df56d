// The public names of hfetch/gateway, but for LimitObject: its base class is the runtime's.

export { durableStore } from "./durable_store.js";
export { gateway } from "./gateway.js";
export { issueTicket } from "./ticket.js";
