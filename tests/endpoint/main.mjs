// node tests/endpoint/main.mjs [--port N] [--host A] [--pace MS]
import { parseArgs } from "node:util";
import { startEndpoint } from "./server.mjs";

const { values } = parseArgs({ options: { port: { type: "string", default: "8788" }, host: { type: "string", default: "127.0.0.1" }, pace: { type: "string", default: "25" } } });

try {
  const endpoint = await startEndpoint({ port: Number(values.port), host: values.host, pace: Number(values.pace) });
  console.log(`Stand-in Hugging Face endpoint: ${endpoint.url}/v1 (any key works; "bad", "broke", "noperm" or "limited" in a key does what it says)`);
  const stop = async () => {
    await endpoint.close();
    process.exit(0);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
} catch (error) {
  console.error(error.code === "EADDRINUSE" ? `Port ${values.port} is taken: choose another with --port.` : error.message);
  process.exitCode = 1;
}
