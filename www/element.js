// Makes elements in one expression, and answers a few questions about the document that all panels ask.

/** An element with properties (`class`, `data` and ARIA attributes by their names) and children. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") made.className = value;
    else if (key === "data") Object.assign(made.dataset, value);
    else if (/^(aria-|role$|for$)/.test(key)) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element, with attributes as in markup. */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** An icon from the page's sprite. */
export function icon(name) {
  return svg("svg", { "aria-hidden": "true" }, svg("use", { href: `#icon-${name}` }));
}

export const byId = (id) => document.getElementById(id);

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Calls `act` at most once per frame; the last request for a call is always followed by one. */
export function inFrames(act) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    const run = () => {
      asked = false;
      act();
    };
    // A page in the background gets no frames, but its answers continue.
    if (document.hidden) setTimeout(run, 100);
    else requestAnimationFrame(run);
  };
}

/** Copies text to the clipboard; the button says so for a moment. */
export async function copy(button, text) {
  await navigator.clipboard.writeText(text);
  const label = button.getAttribute("aria-label") ?? button.textContent;
  const use = button.querySelector("use");
  const before = use?.getAttribute("href");
  button.setAttribute("aria-label", "Copied");
  use?.setAttribute("href", "#icon-check");
  setTimeout(() => {
    button.setAttribute("aria-label", label);
    use?.setAttribute("href", before);
  }, 1500);
}
