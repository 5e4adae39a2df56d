// What the properties have in common: the first line of an input says how to run it, and the rest is the data.

/** Splits an input at its first line feed. */
export function head(data) {
  const at = data.indexOf(10);
  return at < 0 ? [data.subarray(0, 0), data] : [data.subarray(0, at), data.subarray(at + 1)];
}

/** `bytes` in pieces of these sizes, which are repeated. */
export function pieces(bytes, sizes) {
  const found = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes.length > 0 ? (sizes[turn % sizes.length] % 40) + 1 : bytes.length;
    found.push(bytes.subarray(at, at + size));
    at += size;
  }
  return found;
}
