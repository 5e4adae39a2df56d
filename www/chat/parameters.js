// The parameters of the next question, from a dialog.

import { byId } from "../element.js";

/** `values` returns the members of a request's body that were set; for an empty field the provider decides. */
export function startParameters() {
  const dialog = byId("parameter-form");
  const button = byId("parameters");
  const { elements } = dialog.querySelector("form");

  function values() {
    const number = (name) => (elements[name].value === "" ? undefined : elements[name].valueAsNumber);
    const stop = elements.stop.value.split("|").filter(Boolean).slice(0, 4);
    const all = { system: elements.system.value.trim() || undefined, temperature: number("temperature"), top_p: number("top_p"), max_tokens: number("max_tokens"), stop: stop.length ? stop : undefined, tools: elements.tools.checked || undefined, form: elements.form.checked || undefined };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  }

  function check(name) {
    elements[name].checked = true;
    showCount();
  }

  function showCount() {
    const set = Object.keys(values()).length;
    button.lastElementChild.textContent = set ? `Parameters (${set})` : "Parameters";
  }

  button.addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("input", showCount);
  dialog.addEventListener("reset", () => setTimeout(showCount));
  dialog.addEventListener("close", showCount);
  return {
    values,
    offerTools: () => check("tools"),
    askForForm: () => check("form"),
  };
}
