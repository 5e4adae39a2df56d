// Reasoning that stands in the text, between <think> and </think>: at the beginning of it, or behind other such reasoning. Anywhere
// else the tag may be what the text is about.

const OPEN = "<think>";
const CLOSE = "</think>";
const BEFORE = 0;
const INSIDE = 1;
const BEHIND = 2;

export class Thinking {
  #state = BEFORE;
  #held = ""; // may be the beginning of a tag
  #seen = false;

  /** The pieces that more of the text completes: [whether it is reasoning, text]. */
  push(text) {
    this.#held += text;
    const pieces = [];
    while (this.#step(pieces));
    return pieces.filter(([, piece]) => piece !== "");
  }

  /** What was held back, at the end. */
  end() {
    const held = this.#held;
    this.#held = "";
    return held === "" || (this.#seen && held.trim() === "") ? [] : [[this.#state === INSIDE, held]];
  }

  // Gives whether there is more to be looked at.
  #step(pieces) {
    const held = this.#held;
    if (this.#state === BEHIND) {
      this.#held = "";
      pieces.push([false, held]);
      return false;
    }
    if (this.#state === INSIDE) {
      const at = held.indexOf(CLOSE);
      const end = at < 0 ? held.length - overlap(held, CLOSE) : at;
      pieces.push([true, held.slice(0, end)]);
      this.#held = held.slice(at < 0 ? end : at + CLOSE.length);
      if (at >= 0) this.#state = BEFORE;
      return at >= 0;
    }
    const rest = held.trimStart();
    if (OPEN.startsWith(rest) && rest !== OPEN) return false;
    this.#state = rest.startsWith(OPEN) ? INSIDE : BEHIND;
    // The lines between the reasoning and the answer belong to neither.
    if (this.#state === INSIDE) this.#held = rest.slice(OPEN.length);
    else if (this.#seen) this.#held = rest;
    this.#seen ||= this.#state === INSIDE;
    return true;
  }
}

// How many characters at the end of a text may begin the tag.
function overlap(text, tag) {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}
