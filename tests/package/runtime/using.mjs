// The statements `using` and `await using`, for runtimes that can parse them.

export async function inAwaitUsing(given) {
  await using stream = given;
  await stream.next();
}

export async function inUsing(given) {
  using stream = given;
  await stream.next();
}
