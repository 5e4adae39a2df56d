//! A client whose server answers each candidate as a test says, in simulated time.

use std::rc::Rc;

use hfetch::call::account::Told;
use hfetch::call::failure::Failure;
use hfetch::call::head::{Head, names};
use hfetch::call::open::Given;
use hfetch::call::settlement::End;
use hfetch::call::shared::{Host, Shared};
use hfetch::call::{Call, Event, Lost, Step};
use hfetch::config::{Config, KeySource, RequestOptions};
use hfetch::error::Error;
use hfetch::json;
use hfetch::policy::ledger::{Outcome, Settlement};
use hfetch::unit::WallTime;
use hfetch::wire::model;

pub const START: f64 = 1_795_305_600_000.0;

/// The reaction of a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Say {
    Ok,
    /// An answer whose header names the provider.
    OkFrom(&'static str),
    Status(u16),
    /// A 429 with Retry-After, in seconds.
    Later(u32),
    NotFound,
    Lost,
    Silence,
}

/// A client in simulated time.
pub struct Client {
    pub shared: Rc<Shared>,
    pub now: f64,
}

/// The result of a call.
pub struct Came {
    /// The models that were sent, in order; "~" means a pause.
    pub story: Vec<String>,
    pub urls: Vec<String>,
    pub pauses: f64,
    pub failure: Option<Box<Failure>>,
    pub settlement: Rc<Settlement>,
}

impl Came {
    pub fn story(&self) -> String {
        self.story.join(" ")
    }

    pub fn tried(&self) -> Vec<(String, Option<u16>)> {
        let tried = self.settlement.tried.iter();
        tried
            .map(|tried| (tried.model.clone(), tried.status))
            .collect()
    }
}

pub fn options(text: &str) -> Result<Config, Error> {
    let text = format!(r#"{{"model":"org/a"{text}}}"#);
    Config::from_options(&json::parse(text.as_bytes()).unwrap(), &KeySource::None)
}

impl Client {
    /// A client for the router with these options in addition to its model and key.
    pub fn new(text: &str) -> Self {
        let config = match text.contains("apiKeys") {
            true => options(text),
            false => options(&format!(r#","apiKey":"hf_a"{text}"#)),
        };
        let host = Host {
            wakes_across_requests: true,
            has_store: false,
            counts_places_of_keys: false,
        };
        Client {
            shared: Rc::new(Shared::new(config.unwrap(), host)),
            now: START,
        }
    }

    /// The same client after it has read a catalogue.
    pub fn knowing(mut self, catalogue: &str) -> Self {
        self.learn(catalogue);
        self
    }

    pub fn learn(&mut self, catalogue: &str) {
        let models = model::parse(catalogue.as_bytes()).unwrap();
        self.shared
            .keep_prices(Some(Rc::new(models)), WallTime(self.now).into());
    }

    pub fn given(&self, own: &str) -> Given<'static> {
        let own = json::parse(own.as_bytes()).unwrap();
        Given {
            options: RequestOptions::from_value(&own, &self.shared.config).unwrap(),
            parts: vec![],
            metered: false,
            max_tokens: None,
            max_choices: None,
            address: None,
        }
    }

    /// A chat with options of its own.
    pub fn chat(&mut self, own: &str, say: &mut dyn FnMut(&str) -> Say) -> Came {
        let body = r#"{"messages":[{"role":"user","content":"Hello"}],"max_tokens":10}"#;
        let call = Call::chat(&self.shared, body, self.given(own), WallTime(self.now)).unwrap();
        self.run(&call, say)
    }

    /// Runs all requests of a call, one after the other.
    pub fn run(&mut self, call: &Call, say: &mut dyn FnMut(&str) -> Say) -> Came {
        let mut story = Vec::new();
        let mut urls = Vec::new();
        let (mut failure, mut pauses) = (None, 0.0);
        for index in 0..call.requests.len() {
            let mut step = call.handle(index, Event::Begin, WallTime(self.now), 0.5);
            loop {
                step = match step {
                    Step::AwaitPrices => call.handle(index, Event::Prices, WallTime(self.now), 0.5),
                    Step::Sleep { ms, .. } => {
                        story.push("~".to_string());
                        pauses += ms.0;
                        self.now += ms.0;
                        call.handle(index, Event::Woken, WallTime(self.now), 0.5)
                    }
                    Step::Send { index, .. } => {
                        let request = &call.requests[index];
                        let url = request.url.get(|url| url.clone());
                        let model = request.body(|body| {
                            let body = json::parse(body.unwrap().as_bytes()).unwrap();
                            let model = body.get("model").and_then(|model| model.as_str());
                            model.unwrap_or(&url).to_string()
                        });
                        story.push(model.clone());
                        urls.push(url);
                        self.now += 10.0;
                        self.hear(call, index, say(&model))
                    }
                    Step::Deliver => {
                        let told = Told {
                            prompt: Some(5.0),
                            completion: Some(7.0),
                            ..Told::default()
                        };
                        call.took(index, told, None, WallTime(self.now));
                        break;
                    }
                    Step::Fail(failed) => {
                        failure = Some(failed);
                        break;
                    }
                    other => panic!("{other:?}"),
                };
            }
        }
        let end = End {
            outcome: match failure {
                None => Outcome::Ok,
                Some(_) => Outcome::Error,
            },
            finish_reason: None,
            first_token_at: None,
        };
        let settlement = call.close(&end, WallTime(self.now)).unwrap();
        assert_eq!(
            call.close(&end, WallTime(self.now)).as_ref(),
            Some(&settlement)
        );
        Came {
            story,
            urls,
            pauses,
            failure,
            settlement,
        }
    }

    fn hear(&mut self, call: &Call, index: usize, say: Say) -> Step {
        let named = |name: &str, value: &str| {
            let values: Vec<_> = names()
                .iter()
                .map(|known| if known == name { value } else { "" }.to_string())
                .collect();
            values.join("\n")
        };
        let (status, headers, body) = match say {
            Say::Ok => (200, String::new(), ""),
            Say::OkFrom(provider) => (200, named("x-inference-provider", provider), ""),
            Say::Status(status) => (status, String::new(), "{}"),
            Say::Later(seconds) => (429, named("retry-after", &seconds.to_string()), "{}"),
            Say::NotFound => (
                400,
                String::new(),
                r#"{"error":{"message":"No","code":"model_not_supported"}}"#,
            ),
            Say::Lost => {
                return call.handle(
                    index,
                    Event::Lost(Lost::Connection("")),
                    WallTime(self.now),
                    0.5,
                );
            }
            Say::Silence => {
                return call.handle(index, Event::Lost(Lost::TimedOut), WallTime(self.now), 0.5);
            }
        };
        let head = Head::new(status, &headers);
        let step = call.handle(index, Event::Head(head), WallTime(self.now), 0.5);
        match step {
            Step::ReadError { .. } => call.handle(
                index,
                Event::ErrorBody(body.as_bytes()),
                WallTime(self.now),
                0.5,
            ),
            step => step,
        }
    }
}
