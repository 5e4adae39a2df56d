// Runs in a page before the snippet's own script: a visitor who types a token and reports what the page finally shows. The page's requests to Hugging Face go to the
// stand-in endpoint, those to the gateway go to one on this machine, and there are no others.

const parameters = new URL(location.href).searchParams;
const send = globalThis.fetch;
const standIns = ["https://router.huggingface.co", "https://gateway.example.com"];
const report = (body) => send(parameters.get("report"), { method: "POST", mode: "no-cors", body: JSON.stringify(body) });

globalThis.fetch = (input, init) => {
  const url = new URL(input, location.href);
  if (standIns.includes(url.origin)) return send(parameters.get("endpoint") + url.pathname + url.search, init);
  if (url.origin !== location.origin) throw new Error(`the page asked for ${url}`);
  return send(input, init);
};

addEventListener("error", ({ message }) => report({ error: message }));
addEventListener("unhandledrejection", ({ reason }) => report({ error: String(reason?.stack ?? reason) }));
addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form");
  if (form) {
    form.querySelector("input").value = "hf_reader";
    form.requestSubmit();
  }
  const watch = setInterval(() => {
    const { textContent } = document.querySelector("pre") ?? document.body;
    if (!textContent.includes("say about it.")) return;
    clearInterval(watch);
    report({ results: textContent });
  }, 20);
});
