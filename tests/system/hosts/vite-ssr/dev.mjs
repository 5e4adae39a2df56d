// Vite's development server, which runs the same code in Node: node dev.mjs vite|vite-7
const { createServer } = await import(process.argv[2]);
const server = await createServer({ server: { middlewareMode: true }, appType: "custom", logLevel: "error" });
const { default: worker } = await server.ssrLoadModule("/worker.js");
const response = await worker.fetch(new Request(`http://host/chat?base=${encodeURIComponent(process.env.BASE)}`));
console.log(await response.text());
await server.close();
