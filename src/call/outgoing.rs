//! One request of a call, ready to be sent.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use super::route::Candidate;
use crate::held::Held;
use crate::policy::reservation::Ask;
use crate::wire::request;

/// One request of a call.
#[derive(Debug)]
pub struct Outgoing {
    /// "GET" or "POST".
    pub method: &'static str,
    /// The URL.
    pub url: Held<String>,
    /// The candidate that the request is sent to; `None`: the call's own model.
    pub aimed: Held<Option<Rc<Candidate>>>,
    /// The JSON body. It is dropped when the call ends, since JavaScript may keep the call's object much longer.
    body: Held<Option<String>>,
    /// The means that the request may use.
    pub ask: Ask,
    /// Where the body's `stream_options` are, until they are removed.
    pub stream_options: Held<Option<Range<usize>>>,
    /// Whether the `stream_options` were removed.
    pub taken_back: Cell<bool>,
}

impl Outgoing {
    /// A GET request.
    pub fn get(url: String) -> Self {
        let ask = Ask {
            prompt_tokens: 0,
            max_tokens: Some(0.0),
            choices: 0.0,
            most_prompt: f64::INFINITY,
        };
        Outgoing::new("GET", url, None, ask)
    }

    /// A POST request with a JSON body.
    pub fn post(url: String, body: String, ask: Ask) -> Self {
        Outgoing::new("POST", url, Some(body), ask)
    }

    fn new(method: &'static str, url: String, body: Option<String>, ask: Ask) -> Self {
        Outgoing {
            method,
            url: Held::new(url),
            aimed: Held::default(),
            body: Held::new(body),
            ask,
            stream_options: Held::default(),
            taken_back: Cell::new(false),
        }
    }

    /// Drops the body.
    pub fn forget_body(&self) {
        self.body.get(Option::take);
    }

    /// Removes `stream_options` from the body, for a server that refuses them; `false` if the body has none.
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

    /// Replaces the body.
    pub fn replace_body(&self, text: String) {
        self.body.get(|body| *body = Some(text));
    }

    /// Writes another model into the body.
    pub fn rename(&self, model: &str) {
        let body = self.body.get(Option::take);
        let rename = |text| {
            let moved = &self.stream_options;
            moved.get(|moved| request::with_model(text, model, moved))
        };
        let renamed = body.map(rename);
        self.body.get(|body| *body = renamed);
    }

    /// Passes the body to `run`; the body is there until the call ends.
    pub fn body<R>(&self, run: impl FnOnce(Option<&str>) -> R) -> R {
        self.body.get(|body| run(body.as_deref()))
    }
}
