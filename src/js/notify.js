// Calls into the caller's own functions, whose failures must not become ours.

export function notify(hook, settlement) {
  if (typeof hook !== "function") return;
  try {
    const result = hook(settlement);
    result?.then?.(undefined, report);
  } catch (error) {
    report(error);
  }
}

function report(error) {
  console.error("hfetch: onSettled failed", error);
}

export function warn(message) {
  console.warn(message);
}

export function warnOfLoss(what) {
  console.warn(`hfetch: an internal fault lost ${what}; that begins anew`);
}

export async function askKey(give) {
  return give();
}
