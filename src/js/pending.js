// A promise of the answer that also gives what belongs to this one call.

export function pending(both, settled) {
  const promise = both.then(({ data }) => data);
  Object.defineProperty(promise, "settled", { value: settled });
  Object.defineProperty(promise, "withResponse", {
    value() {
      // Whoever asks for both handles the failure there, not on this promise too.
      promise.catch(() => {});
      return both;
    },
  });
  return promise;
}
