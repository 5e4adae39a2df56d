//! Futures as tasks of JavaScript's: each is polled by itself, so that a trap ends the one it happens in and no other.
//!
//! The executor of wasm-bindgen-futures polls several in one call. What traps there keeps the others waiting, and nobody
//! knows whose promise will never be settled.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./task.js")]
extern "C" {
    #[wasm_bindgen(js_name = run)]
    fn run_task(number: u32, task: Task) -> Promise;
    #[wasm_bindgen(js_name = runAlone)]
    fn run_task_alone(number: u32, task: Task) -> Promise;
    fn wake(number: u32);
    fn end(number: u32, ok: bool, value: JsValue);
}

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
}

type Outcome = Result<JsValue, JsValue>;

/// A future that is polled by task.js.
#[wasm_bindgen]
pub struct Task {
    number: u32,
    future: Pin<Box<dyn Future<Output = Outcome>>>,
    waker: Waker,
}

struct Number(u32);

impl Wake for Number {
    fn wake(self: Arc<Self>) {
        wake(self.0);
    }
}

impl Task {
    fn new(future: impl Future<Output = Outcome> + 'static) -> (u32, Self) {
        let number = LAST.get().wrapping_add(1);
        LAST.set(number);
        let task = Task {
            number,
            future: Box::pin(future),
            waker: Arc::new(Number(number)).into(),
        };
        (number, task)
    }
}

#[wasm_bindgen]
impl Task {
    /// Goes on as far as it can; true when that was the end.
    pub fn poll(&mut self) -> bool {
        match self
            .future
            .as_mut()
            .poll(&mut Context::from_waker(&self.waker))
        {
            Poll::Pending => false,
            Poll::Ready(outcome) => {
                let ok = outcome.is_ok();
                end(self.number, ok, outcome.unwrap_or_else(|error| error));
                true
            }
        }
    }
}

/// Runs a future; a trap rejects the promise of its outcome.
pub fn run(future: impl Future<Output = Outcome> + 'static) -> Promise {
    let (number, task) = Task::new(future);
    run_task(number, task)
}

/// Runs a future that nobody needs the outcome of; the promise tells its end.
pub fn run_alone(future: impl Future<Output = ()> + 'static) -> Promise {
    let (number, task) = Task::new(async move {
        future.await;
        Ok(JsValue::UNDEFINED)
    });
    run_task_alone(number, task)
}
