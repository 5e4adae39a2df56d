// The promise of an answer, with methods for the other results of the call.

export function pending(both, settled) {
  const promise = both.then(({ data }) => data);
  Object.defineProperty(promise, "settled", { value: settled });
  Object.defineProperty(promise, "withResponse", {
    value() {
      // A caller who asks for both results handles the failure there; it must not also count as unhandled here.
      promise.catch(() => {});
      return both;
    },
  });
  return promise;
}
