//! One request of a call, ready to be sent.

use crate::held::Held;
use crate::policy::reservation::Ask;

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
            },
        }
    }

    /// A request with a body.
    pub fn post(url: String, body: String, ask: Ask) -> Self {
        Outgoing {
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

    /// Uses the body, which is there until the call has ended.
    pub fn body<R>(&self, run: impl FnOnce(Option<&str>) -> R) -> R {
        self.body.get(|body| run(body.as_deref()))
    }
}
