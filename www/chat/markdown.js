// Markdown that grows: each block is drawn once, and only the last one is drawn again while text arrives.

import DOMPurify from "dompurify";
import { Marked } from "marked";
import remend from "remend";
import { copy, element, icon } from "../element.js";

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text) => text.replace(/[&<>"]/g, (character) => ESCAPES[character]);

// HTML in an answer is shown as text, except for line breaks, which tables need.
const marked = new Marked({ gfm: true, renderer: { html: ({ text }) => (/^<br ?\/?>$/.test(text) ? text : escape(text)) } });

// No images, forms or frames: an answer must not make this page request anything.
const ALLOWED = {
  ALLOWED_TAGS: "a blockquote br code del em h1 h2 h3 h4 h5 h6 hr input li ol p pre strong table tbody td th thead tr ul".split(" "),
  ALLOWED_ATTR: ["align", "checked", "disabled", "href", "start", "title", "type"],
  RETURN_DOM_FRAGMENT: true,
};

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
  // Task lists have checkboxes; any other field could be typed into.
  if (node.tagName === "INPUT") {
    node.setAttribute("type", "checkbox");
    node.setAttribute("disabled", "");
    node.setAttribute("aria-label", node.hasAttribute("checked") ? "done" : "open");
  }
});

let highlighter = null;

/** Colours code. The code for it is loaded when the first block of code is there, and nothing moves. */
async function highlight(code, text, language) {
  highlighter ??= import("./highlight.js");
  const html = (await highlighter).highlight(text, language);
  // More text may have arrived meanwhile.
  if (html !== null && code.textContent === text) code.replaceChildren(DOMPurify.sanitize(html, { ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"], RETURN_DOM_FRAGMENT: true }));
}

class CodeBlock {
  #code = element("code");
  #name = element("span");

  constructor() {
    const button = element("button", { type: "button", class: "icon", "aria-label": "Copy code", onclick: () => copy(button, this.#code.textContent) }, icon("copy"));
    const pre = element("pre", { tabIndex: 0, role: "group", "aria-label": "Code" }, this.#code);
    this.node = element("figure", { class: "code" }, element("figcaption", {}, this.#name, button), pre);
  }

  draw(token, growing) {
    const language = token.lang?.match(/\S+/)?.[0] ?? "";
    this.#name.textContent = language || "text";
    if (this.#code.textContent === token.text && !growing) return void highlight(this.#code, token.text, language);
    const text = this.#code.firstChild;
    if (growing && text instanceof Text && this.#code.childNodes.length === 1 && token.text.startsWith(text.data)) text.appendData(token.text.slice(text.length));
    else this.#code.textContent = token.text;
    if (!growing) highlight(this.#code, token.text, language);
  }
}

class TextBlock {
  node = element("div");

  draw(token, growing, links) {
    const tokens = growing ? marked.lexer(remend(token.raw)) : [token];
    tokens.links = links;
    this.node.replaceChildren(DOMPurify.sanitize(marked.parser(tokens), ALLOWED));
    for (const table of this.node.querySelectorAll("table")) {
      const frame = element("div", { class: "scroll", tabIndex: 0, role: "group", "aria-label": "Table" });
      table.replaceWith(frame);
      frame.append(table);
    }
  }
}

const classOf = ({ type }) => (type === "code" ? CodeBlock : TextBlock);

/** Draws Markdown into `root`. */
export class MarkdownView {
  #root;
  #blocks = [];

  constructor(root) {
    this.#root = root;
  }

  /** `growing`: more text will come, so a half-written part is shown as if it were closed. */
  draw(text, growing) {
    const tokens = marked.lexer(text);
    const blocks = tokens.filter(({ type }) => type !== "space" && type !== "def");
    for (const [index, token] of blocks.entries()) {
      const last = growing && index === blocks.length - 1;
      const known = this.#blocks[index];
      if (known?.raw === token.raw && known.growing === last) continue;
      const block = known?.view instanceof classOf(token) ? known.view : new (classOf(token))();
      block.draw(token, last, tokens.links);
      if (known && known.view !== block) known.view.node.replaceWith(block.node);
      else if (!known) this.#root.append(block.node);
      this.#blocks[index] = { raw: token.raw, growing: last, view: block };
    }
    for (const { view } of this.#blocks.splice(blocks.length)) view.node.remove();
  }
}
