// The public names of hfetch/gateway, for an entry that has a client and, in Workers, the class DurableObject.

import { runOn } from "./client.js";
import { durableStore } from "./durable_store.js";
import { gateway } from "./gateway.js";
import { limitObject } from "./limit_object.js";
import { issueTicket } from "./ticket.js";

// Stands for DurableObject where a Worker's code is loaded elsewhere, such as in a test or a type check.
class PlainObject {
  constructor(ctx, env) {
    Object.assign(this, { ctx, env });
  }
}

export function open(client, internals, DurableObject = PlainObject) {
  runOn(client, internals);
  return { LimitObject: limitObject(DurableObject), durableStore, gateway, issueTicket };
}
