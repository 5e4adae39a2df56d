// Separates reasoning from text where a model writes it between <think> and </think>. The tags count only at the beginning of the text or directly after other
// reasoning. Anywhere else the text may be about the tag.

const OPEN = "<think>";
const CLOSE = "</think>";

export class Thinking {
  #say; // is called with each piece: whether it is reasoning, and its text
  #awaited = OPEN; // the tag that may come next; empty once the answer has begun
  #held = ""; // text that may be the beginning of a tag
  #seen = false;

  constructor(say) {
    this.#say = say;
  }

  /** Adds text, and passes on the pieces that are complete with it. */
  push(text) {
    this.#held += text;
    while (this.#step());
  }

  /** Passes on what was held back, at the end of the text. */
  end() {
    const held = this.#held;
    if (held.trim() !== "" || !this.#seen) this.#take(held.length);
  }

  // Passes on the text up to `end` and continues after `next`.
  #take(end, next = end) {
    const held = this.#held;
    this.#held = held.slice(next);
    if (end > 0) this.#say(this.#awaited === CLOSE, held.slice(0, end));
  }

  // Looks for the next tag; returns whether to look again.
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
      // Blank lines between the reasoning and the answer belong to neither.
      if (this.#seen) this.#held = rest;
      this.#awaited = "";
      return true;
    }
    const begun = held.lastIndexOf("<");
    this.#take(tag && begun >= 0 && tag.startsWith(held.slice(begun)) ? begun : held.length);
    return false;
  }
}
