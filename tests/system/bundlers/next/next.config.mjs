import { fileURLToPath } from "node:url";

// The folder that contains this app and the node_modules with Next itself.
const root = fileURLToPath(new URL("../../../../..", import.meta.url));

export default { turbopack: { root }, outputFileTracingRoot: root };
