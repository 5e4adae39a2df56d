// Shows the panel that the address names. Panels other than the chat start when they are first opened.

const titles = { chat: "Chat", ledger: "Ledger", limits: "Limits", faults: "Faults", embeddings: "Embeddings", race: "Race" };

/** `starters` maps a panel's id to the function that starts it. */
export function startPanels(starters) {
  const sections = [...document.querySelectorAll(".panel")];
  const links = [...document.querySelectorAll("#top nav a")];
  const started = new Set();

  function show() {
    const id = titles[location.hash.slice(1)] ? location.hash.slice(1) : "chat";
    for (const section of sections) section.hidden = section.id !== id;
    for (const link of links) {
      if (link.hash === `#${id}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.body.dataset.panel = id;
    document.title = `${titles[id]} · hfetch`;
    links.find((link) => link.hash === `#${id}`)?.scrollIntoView({ block: "nearest", inline: "center" });
    if (starters[id] && !started.has(id)) {
      started.add(id);
      starters[id]();
    }
  }

  addEventListener("hashchange", show);
  document.addEventListener("click", ({ target }) => target.closest("[data-close]")?.closest("dialog").close());
  show();
}
