// The typed error of whatever ended a call after its response.

import { HfetchError } from "./error.js";

export function typed(call, cancel, error) {
  if (error instanceof HfetchError) return error;
  const early = cancel.cause !== null && cancel.cause !== "closed";
  return early ? call.cancelled_error(null) : call.body_lost(error);
}
