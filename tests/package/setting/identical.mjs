// Deep equality as strict as for a parser: values, order of keys, prototypes, -0 and Infinity.

/** The path of the first difference ("" for the value itself), or null if there is none. */
export function difference(actual, expected, path = "") {
  if (Object.is(actual, expected)) return null;
  if (typeof actual !== "object" || typeof expected !== "object" || actual === null || expected === null) return path;
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return path;
  const [keys, wanted] = [Object.keys(actual), Object.keys(expected)];
  if (keys.length !== wanted.length) return path;
  for (const [i, key] of wanted.entries()) {
    const inner = keys[i] === key ? difference(actual[key], expected[key], `${path}.${key}`) : `${path}.${key}`;
    if (inner !== null) return inner;
  }
  return null;
}

/** Throws if `difference` finds one. */
export function assertIdentical(actual, expected, note = "") {
  const path = difference(actual, expected);
  if (path !== null) throw new Error(`${note} differs at "${path}": expected ${JSON.stringify(expected)?.slice(0, 400)}, got ${JSON.stringify(actual)?.slice(0, 400)}`);
}
