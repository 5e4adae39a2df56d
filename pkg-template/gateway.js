// The gateway where there are no Durable Objects: it uses the module that the package's main entry has loaded.
import { limitObject } from "./gateway/limit_object.js";

export * from "./gateway/public.js";

// A Worker's code that is loaded elsewhere, in a test or a type check, finds the name.
export const LimitObject = limitObject(
  class {
    constructor(ctx, env) {
      Object.assign(this, { ctx, env });
    }
  },
);
