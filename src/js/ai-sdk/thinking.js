// Reasoning that stands in the text, between <think> and </think>: at the beginning of it, or behind other such reasoning. Anywhere
// else the tag may be what the text is about.

const OPEN = "<think>";
const CLOSE = "</think>";

export class Thinking {
  #say; // is told each piece: whether it is reasoning, and the text
  #awaited = OPEN; // the tag that may come next; none once the answer has begun
  #held = ""; // may be the beginning of a tag
  #seen = false;

  constructor(say) {
    this.#say = say;
  }

  /** Says the pieces that more of the text completes. */
  push(text) {
    this.#held += text;
    while (this.#step());
  }

  /** Says what was held back, at the end. */
  end() {
    const held = this.#held;
    if (held.trim() !== "" || !this.#seen) this.#take(held.length);
  }

  // Says what comes before a place, and goes on behind it.
  #take(end, next = end) {
    const held = this.#held;
    this.#held = held.slice(next);
    if (end > 0) this.#say(this.#awaited === CLOSE, held.slice(0, end));
  }

  // Gives whether there is more to be looked at.
  #step() {
    const [held, tag] = [this.#held, this.#awaited];
    const at = tag ? held.indexOf(tag) : -1;
    if (at >= 0 && (tag === CLOSE || held.slice(0, at).trim() === "")) {
      this.#take(tag === CLOSE ? at : 0, at + tag.length);
      this.#awaited = tag === CLOSE ? OPEN : CLOSE;
      this.#seen = true;
      return true;
    }
    if (tag === OPEN) {
      const rest = held.trimStart();
      if (OPEN.startsWith(rest)) return false;
      // The lines between the reasoning and the answer belong to neither.
      if (this.#seen) this.#held = rest;
      this.#awaited = "";
      return true;
    }
    const begun = held.lastIndexOf("<");
    this.#take(tag && begun >= 0 && tag.startsWith(held.slice(begun)) ? begun : held.length);
    return false;
  }
}
