// The public names of hfetch/gateway, for an entry that has a client, and the runtime's class of Durable Objects if it has one.

import { runOn } from "./client.js";
import { durableStore } from "./durable_store.js";
import { gateway } from "./gateway.js";
import { limitObject } from "./limit_object.js";
import { issueTicket } from "./ticket.js";

// A Worker's code that is loaded elsewhere, in a test or a type check, finds the name.
class PlainObject {
  constructor(ctx, env) {
    Object.assign(this, { ctx, env });
  }
}

export function open(client, internals, DurableObject = PlainObject) {
  runOn(client, internals);
  return { LimitObject: limitObject(DurableObject), durableStore, gateway, issueTicket };
}
