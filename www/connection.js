// The server for requests, and the limits of the client in this page.

import { byId } from "./element.js";
import { DEFAULTS } from "./session.js";

export function startConnection(session) {
  const dialog = byId("connection");
  const form = dialog.querySelector("form");
  const { elements } = form;
  const pill = byId("source");

  function show() {
    const [label, note] = describe();
    pill.lastElementChild.textContent = label;
    pill.dataset.kind = session.standIn || session.local ? "stand-in" : session.direct ? "direct" : "live";
    byId("connection-note").textContent = note;
    byId("direct-host").textContent = session.directHost;
    byId("forget").hidden = !session.direct;
  }

  function describe() {
    if (session.direct) return ["Your token, direct", `This page asks ${session.host} directly with the token you typed.`];
    if (session.standIn) return ["Stand-in endpoint", "No token is set, so a stand-in endpoint on this machine answers: real HTTP and real streams, but no model, and made-up prices. Start with HF_TOKEN for real models, or type your own token here."];
    if (session.local) return ["Local model", "A small model on the server's machine answers, through the gateway. It costs nothing, and knows little."];
    return ["Live, through the gateway", "Requests go to the server behind this page, which holds the token: this page never sees it."];
  }

  function apply(token) {
    const limits = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, elements[name].valueAsNumber || 0]));
    session.apply(limits, token);
  }

  pill.addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("close", () => {
    const typed = elements.token.value.trim();
    elements.token.value = "";
    if (dialog.returnValue !== "use") return;
    dialog.returnValue = "";
    apply(typed || undefined);
  });
  byId("forget").addEventListener("click", () => {
    elements.token.value = "";
    apply(null);
    dialog.close();
  });
  session.addEventListener("changed", show);
  show();
}
