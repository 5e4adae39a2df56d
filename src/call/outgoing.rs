//! One request of a call, ready to be sent.

use std::cell::Cell;
use std::ops::Range;

use crate::held::Held;
use crate::policy::reservation::Ask;
use crate::wire::request;

/// One request of a call.
#[derive(Debug)]
pub struct Outgoing {
    /// "GET" or "POST".
    pub method: &'static str,
    /// Where to.
    pub url: String,
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
            url,
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

    /// Uses the body, which is there until the call has ended.
    pub fn body<R>(&self, run: impl FnOnce(Option<&str>) -> R) -> R {
        self.body.get(|body| run(body.as_deref()))
    }
}
