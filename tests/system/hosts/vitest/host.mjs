// Vitest in Node, in jsdom, and in Workers.
const VITEST = ["node", "node_modules/vitest/vitest.mjs", "run", "--project"];

export const hosts = Object.fromEntries(["node", "jsdom", "workers"].map((name) => [`Vitest, ${name}`, ({ askProgram }) => askProgram([...VITEST, name])]));
