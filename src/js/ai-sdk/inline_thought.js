// What a model thinks inside its text: some servers leave `<think>…</think>` at the beginning of an answer where others give a field of its own.

const BEGIN = "<think>";
const END = "</think>";

/** Tells thought from text in an answer that comes in pieces. A tag anywhere but at the beginning is text, as in an answer about tags. */
export class InlineThought {
  #held = ""; // what may still become a tag, or is the space around one
  #state = "before"; // → "begun" → "thinking" → "after" → "text", or at once "text"

  /** The next piece of the text. Gives what is certain by now: [{ type: "reasoning" | "text", text }]. */
  push(piece) {
    const found = [];
    this.#held += piece;
    if (this.#state === "before") this.#begin();
    this.#skip("begun", "thinking");
    if (this.#state === "thinking") this.#think(found);
    this.#skip("after", "text");
    if (this.#state === "text") this.#give(found, "text", this.#held.length);
    return found;
  }

  /** The text is over: what was held back for a tag that did not come. */
  end() {
    const found = [];
    if (this.#state !== "begun" && this.#state !== "after") this.#give(found, this.#state === "thinking" ? "reasoning" : "text", this.#held.length);
    return found;
  }

  #begin() {
    const text = this.#held.trimStart();
    if (text.startsWith(BEGIN)) {
      this.#held = text.slice(BEGIN.length);
      this.#state = "begun";
    } else if (!BEGIN.startsWith(text)) this.#state = "text";
  }

  // The space behind a tag is no part of what follows.
  #skip(from, to) {
    if (this.#state === from && (this.#held = this.#held.trimStart()) !== "") this.#state = to;
  }

  #think(found) {
    const at = this.#held.indexOf(END);
    this.#give(found, "reasoning", at < 0 ? this.#held.length - startedTag(this.#held) : at);
    if (at < 0) return;
    this.#held = this.#held.slice(END.length);
    this.#state = "after";
  }

  #give(found, type, length) {
    if (length > 0) found.push({ type, text: this.#held.slice(0, length) });
    this.#held = this.#held.slice(length);
  }
}

// How many of the last characters may be the beginning of the closing tag.
function startedTag(text) {
  for (let length = Math.min(END.length - 1, text.length); length > 0; length--) {
    if (END.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
