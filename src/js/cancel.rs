//! How one call ends early: the JavaScript object that watches the caller's signal and the timeouts.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./cancel.js")]
extern "C" {
    /// See cancel.js.
    #[derive(Clone)]
    pub type Cancel;

    /// Watches a signal, or nothing.
    #[wasm_bindgen(constructor)]
    pub fn new(signal: &JsValue) -> Cancel;

    /// Starts the total timeout.
    #[wasm_bindgen(method, js_name = startTotal)]
    pub fn start_total(this: &Cancel, ms: f64);

    /// Ends the call for a cause.
    #[wasm_bindgen(method)]
    pub fn end(this: &Cancel, cause: &str);

    /// "abort", "connect", "idle", "total", "closed", or null while the call goes on.
    #[wasm_bindgen(method, getter)]
    pub fn cause(this: &Cancel) -> Option<String>;

    /// The reason of the caller's signal or abort().
    #[wasm_bindgen(method, getter)]
    pub fn reason(this: &Cancel) -> JsValue;

    /// How long an idle timeout was, in ms.
    #[wasm_bindgen(method, getter)]
    pub fn waited(this: &Cancel) -> Option<f64>;

    /// A sleep that ends early with the call.
    #[wasm_bindgen(method)]
    pub fn nap(this: &Cancel, ms: f64) -> Nap;

    /// The promise, or a rejection when the call ends first.
    #[wasm_bindgen(method)]
    pub fn race(this: &Cancel, promise: &JsValue) -> js_sys::Promise;

    /// One sleep.
    pub type Nap;

    #[wasm_bindgen(method, getter)]
    pub fn done(this: &Nap) -> js_sys::Promise;

    /// Ends the sleep now.
    #[wasm_bindgen(method)]
    pub fn wake(this: &Nap);

    /// Whether one request may resolve what another awaits.
    #[wasm_bindgen(js_name = resolvesAcrossRequests)]
    pub fn resolves_across_requests() -> bool;
}
