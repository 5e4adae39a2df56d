//! One request of a call, ready to be sent.

use std::cell::Cell;
use std::ops::Range;

use wasm_bindgen::JsValue;

use super::held::Held;
use crate::policy::reservation::Ask;
use crate::wire::request;

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
    /// Where the body's stream options stand, until they are taken back.
    pub stream_options: Held<Option<Range<usize>>>,
    /// Whether they were.
    pub taken_back: Cell<bool>,
}

impl Wire {
    /// A request for data.
    pub fn get(url: String, ask: Ask) -> Self {
        Wire {
            method: "GET",
            url,
            body: Held::new(None),
            ask,
            stream_options: Held::default(),
            taken_back: Cell::new(false),
        }
    }

    /// A request with a body.
    pub fn post(url: String, body: String, ask: Ask) -> Self {
        Wire {
            method: "POST",
            url,
            body: Held::new(Some(body)),
            ask,
            stream_options: Held::default(),
            taken_back: Cell::new(false),
        }
    }

    /// Lets the body go.
    pub fn forget_body(&self) {
        self.body.get(Option::take);
    }

    /// Takes the stream options out of the body; false where there are none.
    pub fn take_back(&self) -> bool {
        let Some(member) = self.stream_options.get(Option::take) else {
            return false;
        };
        self.body.get(|body| {
            *body = body.as_deref().map(|text| request::without(text, &member));
        });
        self.taken_back.set(true);
        true
    }

    /// The body for fetch.
    pub fn body_text(&self) -> JsValue {
        self.body.get(|body| {
            body.as_deref()
                .map_or(JsValue::UNDEFINED, JsValue::from_str)
        })
    }
}
