// The scenarios in a page; what it finds goes back to the server the page came from.
const report = (body) => fetch("/report", { method: "POST", body: JSON.stringify(body) });
addEventListener("error", ({ message }) => report({ error: message }));
addEventListener("unhandledrejection", ({ reason }) => report({ error: String(reason?.stack ?? reason) }));

try {
  const parameters = new URL(location.href).searchParams;
  const hfetch = await import("hfetch");
  const { default: scenarios } = await import("../scenarios.mjs");
  const { runAll } = await import("./harness.mjs");
  const results = await runAll(scenarios, { hfetch, url: parameters.get("endpoint"), runtime: parameters.get("runtime") });
  await report({ results, version: navigator.userAgent });
} catch (error) {
  await report({ error: `${error}\n${error.stack}` });
}
