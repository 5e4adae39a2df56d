// The few assertions that scenarios need, in plain JavaScript, since node:assert isn't available everywhere.

function show(value) {
  if (typeof value === "function") return value.name || "a function";
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

function fail(message, text) {
  throw new Error(message ? `${message}: ${text}` : text);
}

function same(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const keys = Reflect.ownKeys(a);
  return keys.length === Reflect.ownKeys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

function fits(error, expected) {
  if (expected === undefined) return true;
  if (typeof expected === "string") return error?.name === expected;
  if (expected instanceof RegExp) return expected.test(error?.message);
  if (typeof expected === "object") return Object.entries(expected).every(([key, value]) => (value instanceof RegExp ? value.test(error?.[key]) : same(error?.[key], value)));
  return expected.prototype instanceof Error || expected === Error ? error instanceof expected : expected(error) === true;
}

function expectFits(error, expected, message) {
  if (fits(error, expected)) return error;
  const found = typeof expected === "object" ? show(Object.fromEntries(Object.keys(expected).map((key) => [key, error?.[key]]))) : "";
  fail(message, `expected ${show(expected)}, got ${show(error)} ${found}`.trim());
}

export const assert = {
  ok(value, message) {
    if (!value) fail(message, `expected something true, got ${show(value)}`);
  },
  equal(actual, expected, message) {
    if (!Object.is(actual, expected)) fail(message, `expected ${show(expected)}, got ${show(actual)}`);
  },
  notEqual(actual, other, message) {
    if (Object.is(actual, other)) fail(message, `expected anything but ${show(other)}`);
  },
  deepEqual(actual, expected, message) {
    if (!same(actual, expected)) fail(message, `expected ${show(expected)}, got ${show(actual)}`);
  },
  match(text, pattern, message) {
    if (!pattern.test(text)) fail(message, `expected ${pattern}, got ${show(text)}`);
  },
  fail(message) {
    fail("", message);
  },
  /**
   * Expects a promise, or a function that returns one, to reject. `expected`: an error class, an error's name, a pattern for its message, the fields it has (values or
   * patterns), or a predicate. Returns the error.
   */
  async rejects(promise, expected, message) {
    let value;
    try {
      value = await (typeof promise === "function" ? promise() : promise);
    } catch (error) {
      return expectFits(error, expected, message);
    }
    fail(message, `expected a rejection, got ${show(value)}`);
  },
  /** The same for a function that throws at once. */
  throws(run, expected, message) {
    let value;
    try {
      value = run();
    } catch (error) {
      return expectFits(error, expected, message);
    }
    fail(message, `expected a throw, got ${show(value)}`);
  },
};
