//! One request of a call, ready to be sent.

use std::cell::Cell;
use std::ops::Range;

use super::route::Candidate;
use crate::held::Held;
use crate::policy::reservation::Ask;
use crate::wire::request;

/// One request of a call.
#[derive(Debug)]
pub struct Outgoing {
    /// "GET" or "POST".
    pub method: &'static str,
    /// Where to.
    pub url: Held<String>,
    /// The model string that it is sent with, and the name that the caller gave it; none: the call's own.
    pub aimed: Held<Option<Candidate>>,
    /// The JSON body; let go when the call ends, since the call's object may live much longer.
    body: Held<Option<String>>,
    /// What the request may take.
    pub ask: Ask,
    /// Where the body's stream options stand, until they are taken back.
    pub stream_options: Held<Option<Range<usize>>>,
    /// Whether they were.
    pub taken_back: Cell<bool>,
}

impl Outgoing {
    /// A request for data.
    pub fn get(url: String) -> Self {
        Outgoing {
            method: "GET",
            url: Held::new(url),
            aimed: Held::default(),
            body: Held::new(None),
            ask: Ask {
                prompt_tokens: 0,
                max_tokens: Some(0.0),
                choices: 0.0,
                most_prompt: f64::INFINITY,
            },
            stream_options: Held::default(),
            taken_back: Cell::new(false),
        }
    }

    /// A request with a body.
    pub fn post(url: String, body: String, ask: Ask) -> Self {
        Outgoing {
            method: "POST",
            url: Held::new(url),
            aimed: Held::default(),
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

    /// Takes the stream options out of the body, for a server that refuses them; false where there are none.
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

    /// Puts another body in place of its own.
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

    /// Uses the body, which is there until the call has ended.
    pub fn body<R>(&self, run: impl FnOnce(Option<&str>) -> R) -> R {
        self.body.get(|body| run(body.as_deref()))
    }
}
