// One conversation through hfetch: no DOM, no globals.

export class Chat {
  #client;
  #messages = [];
  #controller = null;

  constructor(client) {
    this.#client = client;
  }

  /** Hangs up on the answer that is under way. */
  stop() {
    this.#controller?.abort();
  }

  /**
   * Sends `text` with all that was said before and gives each piece of the answer to `write`.
   * Resolves to { settlement, error }: the error is null when the answer is complete or was stopped.
   */
  async ask(text, model, write) {
    const question = { role: "user", content: text };
    this.#controller = new AbortController();
    const pending = this.#client.chat.completions.create(
      { model, messages: [...this.#messages, question], stream: true },
      { signal: this.#controller.signal },
    );
    let answer = "";
    let error = null;
    try {
      for await (const piece of (await pending).text()) {
        answer += piece;
        write(piece);
      }
    } catch (thrown) {
      if (thrown.name !== "APIUserAbortError") error = thrown;
    }
    this.#controller = null;
    // A question without an answer is asked anew, not remembered.
    if (answer) this.#messages.push(question, { role: "assistant", content: answer });
    return { settlement: await pending.settled, error };
  }
}
