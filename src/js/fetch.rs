//! One attempt over the wire.

use gloo_net::http::Headers;
use wasm_bindgen::prelude::*;

use super::cancel::Cancel;

#[wasm_bindgen(raw_module = "./fetch.js")]
extern "C" {
    /// Resolves with what came of it; never rejects.
    #[wasm_bindgen(js_name = send)]
    pub fn send(
        fetch: &JsValue,
        url: &str,
        method: &str,
        headers: web_sys::Headers,
        own: bool,
        body: JsValue,
        cancel: &Cancel,
        connect: f64,
    ) -> js_sys::Promise;

    /// Reads a whole body, `idle` ms at most between bytes.
    #[wasm_bindgen(js_name = readBody)]
    pub fn read_body(
        response: &Response,
        cancel: &Cancel,
        idle: f64,
        limit: f64,
    ) -> js_sys::Promise;

    /// One response header.
    #[wasm_bindgen(js_name = header)]
    pub fn header(response: &Response, name: &str) -> Option<String>;

    /// Gives up a body nobody reads.
    #[wasm_bindgen(js_name = discard)]
    pub fn discard(response: &Response);
}

#[wasm_bindgen]
extern "C" {
    /// What send() resolves with.
    #[derive(Clone)]
    pub type Sent;

    #[wasm_bindgen(method, structural, getter)]
    pub fn response(this: &Sent) -> Option<Response>;
    #[wasm_bindgen(method, structural, getter, js_name = timedOut)]
    pub fn timed_out(this: &Sent) -> Option<bool>;
    #[wasm_bindgen(method, structural, getter)]
    pub fn ended(this: &Sent) -> Option<bool>;
    #[wasm_bindgen(method, structural, getter)]
    pub fn error(this: &Sent) -> JsValue;
    /// Unties the attempt from the call's end.
    #[wasm_bindgen(method, structural)]
    pub fn forget(this: &Sent);

    /// A response by shape, of whatever realm.
    #[derive(Clone)]
    pub type Response;

    #[wasm_bindgen(method, structural, getter)]
    pub fn status(this: &Response) -> f64;
    #[wasm_bindgen(method, structural, getter)]
    pub fn headers(this: &Response) -> JsValue;
}

/// Request headers; names and values were checked when they were given.
pub fn request_headers(
    key: Option<&str>,
    bill_to: Option<&str>,
    extra: &[(String, String)],
    body: bool,
    stream: bool,
) -> web_sys::Headers {
    let headers = Headers::new();
    headers.set(
        "accept",
        if stream {
            "text/event-stream"
        } else {
            "application/json"
        },
    );
    if body {
        headers.set("content-type", "application/json");
    }
    if let Some(organisation) = bill_to {
        headers.set("x-hf-bill-to", organisation);
    }
    if let Some(key) = key {
        headers.set("authorization", &["Bearer ", key].concat());
    }
    for (name, value) in extra {
        headers.set(name, value);
    }
    headers.into_raw()
}
