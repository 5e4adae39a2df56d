// Light, dark, or the system's theme. The choice isn't stored: a page that stores nothing has nothing to explain.

import { byId } from "./element.js";

const NEXT = { auto: "light", light: "dark", dark: "auto" };
const LABELS = { auto: "as the system", light: "light", dark: "dark" };

export function startTheme() {
  const button = byId("theme");
  button.addEventListener("click", () => {
    const { dataset } = document.documentElement;
    const theme = NEXT[dataset.theme ?? "auto"];
    if (theme === "auto") delete dataset.theme;
    else dataset.theme = theme;
    button.setAttribute("aria-label", `Theme: ${LABELS[theme]}`);
    button.querySelector("use").setAttribute("href", `#icon-${theme}`);
    document.dispatchEvent(new Event("themechange"));
  });
}
