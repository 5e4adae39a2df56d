// Elements in one expression, and the few questions asked of the document everywhere.

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

/** An SVG element: attributes as they are written in markup. */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** An icon of the page's sprite. */
export function icon(name) {
  return svg("svg", { "aria-hidden": "true" }, svg("use", { href: `#icon-${name}` }));
}

export const byId = (id) => document.getElementById(id);

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** At most one call of `act` in each frame, the last one asked for included. */
export function inFrames(act) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    const run = () => {
      asked = false;
      act();
    };
    // A page in the background gets no frames, but its answers go on.
    if (document.hidden) setTimeout(run, 100);
    else requestAnimationFrame(run);
  };
}

/** Text to the clipboard; the button says so for a moment. */
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
