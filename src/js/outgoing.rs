//! One request of a call, ready to be sent.

use wasm_bindgen::JsValue;

use super::held::Held;
use crate::policy::reservation::Ask;

/// One request of a call.
pub struct Wire {
    /// "GET" or "POST".
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// The JSON body, until the call has ended: its object may live much longer.
    body: Held<Option<String>>,
    /// What it may cost.
    pub ask: Ask,
}

impl Wire {
    /// A request for data.
    pub fn get(url: String, ask: Ask) -> Self {
        Wire {
            method: "GET",
            url,
            body: Held::new(None),
            ask,
        }
    }

    /// A request with a body.
    pub fn post(url: String, body: String, ask: Ask) -> Self {
        Wire {
            method: "POST",
            url,
            body: Held::new(Some(body)),
            ask,
        }
    }

    /// Lets the body go.
    pub fn forget_body(&self) {
        self.body.get(Option::take);
    }

    /// The body for fetch.
    pub fn body_text(&self) -> JsValue {
        self.body.get(|body| {
            body.as_deref()
                .map_or(JsValue::UNDEFINED, JsValue::from_str)
        })
    }
}
