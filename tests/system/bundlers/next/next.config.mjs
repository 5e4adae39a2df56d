import { fileURLToPath } from "node:url";

// The folder that holds both this app and the node_modules that Next itself is in.
const root = fileURLToPath(new URL("../../../../..", import.meta.url));

export default { turbopack: { root }, outputFileTracingRoot: root };
