// Polls the futures of Rust, each in a microtask of its own: what goes wrong there is known to be this one's.

import { say } from "./notify.js";

const tasks = new Map();

// The promise of a task's outcome.
export function run(number, task) {
  return new Promise((resolve, reject) => {
    tasks.set(number, { task, resolve, reject });
    wake(number);
  });
}

// The promise of a task's end, whatever it is.
export function runAlone(number, task) {
  return run(number, task).catch(report);
}

export function wake(number) {
  queueMicrotask(() => poll(number));
}

export function end(number, ok, value) {
  const { resolve, reject } = tasks.get(number);
  tasks.delete(number);
  (ok ? resolve : reject)(value);
}

function report(error) {
  say("error", "hfetch: what nobody waits for has failed", error);
}

function poll(number) {
  const running = tasks.get(number);
  if (running === undefined) return;
  try {
    if (running.task.poll()) running.task.free();
  } catch (error) {
    // What it was in the middle of is lost, and its memory with it: nothing may touch that again.
    tasks.delete(number);
    running.reject(error);
  }
}
