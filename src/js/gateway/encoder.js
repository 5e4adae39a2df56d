// Text as UTF-8. A TextEncoder is made when it is needed: not every environment that loads this has one.
export const encoder = { encode: (text) => new TextEncoder().encode(text) };
