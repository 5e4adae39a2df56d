// The public client: arguments to Rust, answers to the caller.

import { Client } from "./hfetch_bg.js";
import { Cancel } from "./cancel.js";
import { chat } from "./chat.js";
import { embed } from "./embeddings.js";
import * as errors from "./error.js";
import { typed } from "./failure.js";
import { readBody } from "./fetch.js";
import { clientOptions, dataText, environment, refuse, requestOptions } from "./options.js";
import { pending } from "./pending.js";
import { requestText } from "./request.js";

// A handle that fromConfig made.
class Made {
  constructor(handle) {
    this.handle = handle;
  }
}

export class HuggingFace {
  #client;

  constructor(options) {
    this.#client = options instanceof Made ? options.handle : new Client(...clientOptions(options));
    this.chat = { completions: { create: (body, request) => this.#create("chat", chat, body, request) } };
    this.embeddings = { create: (body, request) => this.#create("embeddings", embed, body, request) };
    this.models = {
      list: (request) => this.#models("", request),
      retrieve: async (id, request) => this.#models(text("id", id), request),
    };
  }

  static fromConfig(config, select, options) {
    const id = select?.id === undefined ? undefined : text("select.id", select.id);
    const env = dataText(select?.env ?? environment() ?? {}, "select.env");
    const [data, hooks] = clientOptions(options);
    return clientOf(Client.from_config(dataText(config, ""), id, env, data, hooks));
  }

  snapshot() {
    return this.#client.snapshot();
  }

  toJSON() {
    return this.snapshot();
  }

  get [Symbol.toStringTag]() {
    return "HuggingFace";
  }

  // What console.log shows in Node, Deno and Bun.
  [Symbol.for("nodejs.util.inspect.custom")](depth, options, inspect) {
    const snapshot = this.snapshot();
    return inspect ? `HuggingFace ${inspect(snapshot, options)}` : snapshot;
  }

  #create(kind, run, body, request) {
    let settle;
    const settled = new Promise((resolve) => (settle = resolve));
    return pending(this.#run(kind, run, body, request, settle, settled), settled);
  }

  async #run(kind, run, body, request, settle, settled) {
    const { call, cancel } = this.#open(kind, body, request, settle);
    try {
      const answer = await run(call, cancel, settled);
      return { ...answer, request_id: answer.response.requestId };
    } catch (error) {
      throw fail(call, cancel, error);
    }
  }

  // Bad arguments throw here: nothing is sent, and nothing enters the ledger.
  #open(kind, body, request, settle) {
    let cancel;
    try {
      const [data, hooks] = requestOptions(request);
      const text = requestText(body);
      cancel = new Cancel(hooks.signal);
      const call = this.#client[kind](text, data, hooks, cancel, settle);
      cancel.startTotal(call.total);
      return { call, cancel };
    } catch (error) {
      cancel?.release();
      settle(this.#client.unsettled(kind));
      throw error;
    }
  }

  async #models(id, request) {
    const [data, hooks] = requestOptions(request);
    const cancel = new Cancel(hooks.signal);
    let call;
    try {
      call = this.#client.models(id, data, cancel);
      cancel.startTotal(call.total);
      const exchange = await call.send(0);
      const bytes = await readBody(exchange.response, cancel, call.idle);
      exchange.forget();
      cancel.end("closed");
      return call.catalogue(bytes);
    } catch (error) {
      if (call === undefined) {
        cancel.release();
        throw error;
      }
      throw fail(call, cancel, error);
    }
  }
}

// Outside of the class: esbuild renames a class that speaks of itself, and consoles would show that name.
function clientOf(handle) {
  return new HuggingFace(new Made(handle));
}

// `error instanceof HuggingFace.APIError`, as code written for `openai` has it.
for (const [name, value] of Object.entries(errors)) {
  if (name.endsWith("Error") && value.prototype instanceof Error) HuggingFace[name] = value;
}

function text(path, value) {
  if (typeof value === "string" && value !== "") return value;
  throw refuse(path, "must be a string that is not empty");
}

// The typed error of whatever ended a call, which is settled now at the latest.
function fail(call, cancel, error) {
  const reported = typed(call, cancel, error);
  const { cause } = cancel;
  cancel.end("closed");
  call.close(cause === "abort" ? "aborted" : "error", null);
  return reported;
}
