// Encodes text as UTF-8. The TextEncoder is made when it is needed, since some environments that load this file have none.
export const encoder = { encode: (text) => new TextEncoder().encode(text) };
