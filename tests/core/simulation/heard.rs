//! Events that can be stored, and steps in words.

use hfetch::call::failure::Cancelled;
use hfetch::call::head::{Head, names};
use hfetch::call::shared::Shared;
use hfetch::call::{Event, Lost, NoKey, Step};
use hfetch::policy::limit_store::Refusal;

use super::scenario::{Met, Reply};

/// An event that owns its data.
#[derive(Clone, Debug)]
pub enum Heard {
    Begin,
    Prices,
    Key(String),
    NoKey(NoKey),
    Reserved(Result<String, Refusal>),
    StoreFailed,
    Woken,
    Head(Reply),
    Lost(Lost<'static>),
    ErrorBody(&'static str),
    Cancelled(Cancelled),
}

impl Heard {
    pub fn event(&self) -> Event<'_> {
        match self {
            Heard::Begin => Event::Begin,
            Heard::Prices => Event::Prices,
            Heard::Key(key) => Event::Key(key),
            Heard::NoKey(why) => Event::NoKey(*why),
            Heard::Reserved(answer) => Event::Reserved(answer.clone()),
            Heard::StoreFailed => Event::StoreFailed,
            Heard::Woken => Event::Woken,
            Heard::Head(reply) => Event::Head(head(reply)),
            Heard::Lost(lost) => Event::Lost(*lost),
            Heard::ErrorBody(body) => Event::ErrorBody(body.as_bytes()),
            Heard::Cancelled(how) => Event::Cancelled(*how),
        }
    }

    pub fn is_of_store(&self) -> bool {
        matches!(self, Heard::Reserved(_) | Heard::StoreFailed)
    }
}

impl Reply {
    pub fn status(&self) -> u16 {
        match self.what {
            Met::Status(status) => status,
            Met::Lost | Met::Silence | Met::RuntimeLimit => 0,
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|header| header.0 == name)
            .map(|header| header.1.as_str())
    }
}

fn head(reply: &Reply) -> Head {
    let names = names();
    let values: Vec<&str> = names
        .iter()
        .map(|name| reply.get(name).unwrap_or(""))
        .collect();
    Head::new(reply.status(), &values.join("\n"))
}

/// A step in words, as tests' tables write it. Reading an error's body isn't mentioned.
pub fn words(step: &Step, shared: &Shared) -> Option<String> {
    Some(match step {
        Step::AwaitPrices => "prices".to_string(),
        Step::AskKey { .. } => "key?".to_string(),
        Step::Reserve { parts } => {
            let mut keys = 0..shared.config.keys.len();
            let scope = &parts[0].scope;
            let key = keys.find(|key| shared.scope(*key) == *scope);
            let of_call = if scope.starts_with("key:") {
                "-"
            } else {
                scope
            };
            let name = key.map_or(of_call, |key| &shared.config.keys[key]);
            format!("reserve {name}")
        }
        Step::Sleep { ms, waiter: None } => format!("pause {}", ms.0),
        Step::Sleep {
            ms,
            waiter: Some(_),
        } => format!("line {}", ms.0),
        Step::Send { key, .. } => format!("send {}", key.as_deref().unwrap_or("-")),
        Step::ReadError { .. } | Step::Nothing => return None,
        Step::Deliver => "answer".to_string(),
        Step::Fail(failure) => failure.error.class.name().to_string(),
    })
}
