// The chat panel: the composer, and what its buttons do.

import { byId, copy } from "../element.js";
import { Conversation } from "./conversation.js";
import { AnswerView, Log, questionView } from "./view.js";

/** Connects the chat's elements; `parameters` returns the body's further members when asked. */
export function startChat(session, parameters) {
  const [composer, prompt, send, stop, welcome] = ["composer", "prompt", "send", "stop", "welcome"].map(byId);
  const log = new Log(byId("log"));
  const conversation = new Conversation(session);

  async function answer(turn, question, before) {
    const view = new AnswerView(log, () => {
      if (!conversation.busy) again(turn.question, question, view.node);
    });
    if (before) before.replaceWith(view.node);
    else log.add(view.node);
    busy(true);
    view.end(await conversation.answer(turn, parameters.values(), view));
    busy(false);
  }

  function ask(text) {
    welcome.remove();
    const turn = conversation.add(text);
    const question = questionView(text, (changed) => {
      if (!conversation.busy) again(changed, question);
    });
    question.turn = turn;
    log.add(question);
    answer(turn, question);
  }

  // Everything that was said after a question belonged to its old answer, and is removed when it is asked anew.
  function again(text, question) {
    conversation.cut(question.turn);
    while (question.nextSibling) question.nextSibling.remove();
    question.remove();
    ask(text);
  }

  function busy(now) {
    send.hidden = now;
    stop.hidden = !now;
    composer.setAttribute("aria-busy", now);
    // The focused button is gone, so the focus returns to the field for the next message.
    if (document.activeElement === document.body) prompt.focus();
  }

  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = prompt.value.trim();
    if (!text || conversation.busy) return;
    prompt.value = "";
    ask(text);
  });
  prompt.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      composer.requestSubmit();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) conversation.stop();
  });
  stop.addEventListener("click", () => conversation.stop());
  const install = byId("install");
  install.querySelector("button").addEventListener("click", ({ currentTarget }) => copy(currentTarget, install.querySelector("code").textContent));
  byId("examples").addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (!button || conversation.busy) return;
    if (button.dataset.tools !== undefined) parameters.offerTools();
    if (button.dataset.form !== undefined) parameters.askForForm();
    ask(button.querySelector("span").textContent);
    prompt.focus();
  });
}
