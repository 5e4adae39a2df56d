//! The body of a chat request, of a text completion, or of a request to the Responses API: the caller's JSON text is checked field
//! by field and written again for the server.
//!
//! The keys keep the caller's order, except for `model`, which comes first: the router reads the provider from the beginning of the
//! body.

mod bound;
mod draft;
mod file;
mod member;
mod part;
mod prompt;
mod reader;
pub mod route;

use std::ops::Range;

use crate::error::Error;
use crate::json::{Scanner, quoted};
use crate::text::{count, find, rsplit_once};
pub use bound::Caps;
use reader::Reader;

pub(super) use member::{begin_body, broken, doubt, listed, number_or_null, text_or_null, wrong};
pub use prompt::Prompt;
pub(super) use prompt::PromptReader;

const STREAM_OPTIONS: &str = "stream_options";

// APIs, as the rows of member.rs name several at once.
const CHAT: u8 = 1;
const COMPLETION: u8 = 2;
const RESPONSES: u8 = 4;

/// Whose parameters a body has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    Chat,
    /// A text completion. At the router the model's name is written differently than at any other server.
    Completion {
        on_router: bool,
    },
    Responses,
}

impl Api {
    fn bit(self) -> u8 {
        match self {
            Api::Chat => CHAT,
            Api::Completion { .. } => COMPLETION,
            Api::Responses => RESPONSES,
        }
    }

    /// The names of the longest answer; the first is the one that every server of the API knows.
    fn maxima(self) -> &'static [&'static str] {
        match self {
            Api::Chat => &["max_tokens", "max_completion_tokens"],
            Api::Completion { .. } => &["max_tokens"],
            Api::Responses => &["max_output_tokens"],
        }
    }
}

/// A request that is ready to be sent.
///
/// ```
/// use hfetch::wire::request::{self, Caps, Defaults};
///
/// let defaults = Defaults { id: "huggingface", model: None, needs_usage: false, max_tokens: None, renames: false, caps: Caps::NONE };
/// let body = r#"{"messages": [{"role": "user", "content": "Hi"}], "model": "org/name", "stream": true}"#;
/// let request = request::chat(body, defaults, &mut |_| {}).unwrap();
/// // The model comes first, and a stream asks for its usage.
/// assert!(request.body.starts_with(r#"{"model":"org/name","#));
/// assert!(request.body.contains(r#""stream_options":{"include_usage":true}"#));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ChatRequest {
    /// The JSON body.
    pub body: String,
    /// The model as it is sent: "org/name", with its suffix if it has one.
    pub model: String,
    /// Whether the answer comes as an event stream.
    pub stream: bool,
    /// Whether the caller asked for usage at the end of the stream; the Responses API always reports it.
    pub asks_usage: bool,
    /// The largest of `max_tokens` and its other names (`max_completion_tokens`, `max_output_tokens`, `options.num_predict`), plus
    /// reasoning that is requested separately.
    pub max_tokens: Option<f64>,
    /// How many answers the body asks for (`n`, `best_of`), for all prompts together.
    pub choices: f64,
    /// How many tokens of the prompt are given as token ids.
    pub token_ids: usize,
    /// Where the body's stream options are, with their comma. Some servers refuse them; [`without`] can remove them.
    pub stream_options: Option<Range<usize>>,
    /// Warnings about parameters that are probably misspelt, for the developer.
    pub doubts: Vec<String>,
    /// Whether the caller's text can be sent unchanged: it names its model, and no bound had to be added.
    pub is_complete: bool,
}

/// Whether an answer refuses the stream options of its request, so that the request is worth repeating without them.
pub fn refuses_stream_options(status: u16, answer: &str) -> bool {
    matches!(status, 400 | 422) && find(answer, STREAM_OPTIONS).is_some()
}

/// A body without one of its members.
pub fn without(body: &str, member: &Range<usize>) -> String {
    let kept = [body.get(..member.start), body.get(member.end..)];
    kept.map(Option::unwrap_or_default).concat()
}

/// A body with another model, wherever its member is; `moved`, a place in the body, is moved together with its surroundings.
pub fn with_model(body: String, model: &str, moved: &mut Option<Range<usize>>) -> String {
    let Some(old) = model_place(&body) else {
        return body;
    };
    let quoted = quoted(model);
    if let Some(place) = moved.as_mut().filter(|place| place.start >= old.end) {
        let shift = |at: usize| (at + quoted.len()).saturating_sub(old.len());
        *place = shift(place.start)..shift(place.end);
    }
    let around = [body.get(..old.start), body.get(old.end..)];
    let [before, after] = around.map(Option::unwrap_or_default);
    [before, &quoted, after].concat()
}

/// The place of the model's value in a body.
fn model_place(body: &str) -> Option<Range<usize>> {
    let mut scanner = Scanner::new(body.as_bytes());
    scanner.begin_object().ok()?;
    while let Some(key) = scanner.next_key().ok()? {
        let value = scanner.skip().ok()?;
        if &*key.decoded() == b"model" {
            let start = value.as_ptr().addr().checked_sub(body.as_ptr().addr())?;
            return Some(start..start + value.len());
        }
    }
    None
}

/// The client's settings that a request may use.
#[derive(Clone, Copy, Debug)]
pub struct Defaults<'a> {
    /// The client's id: a prefix `id:` of a model string is removed.
    pub id: &'a str,
    /// The model for requests that name none.
    pub model: Option<&'a str>,
    /// Whether a stream must report usage even if the caller doesn't want it.
    pub needs_usage: bool,
    /// The `max_tokens` for chat requests without a maximum, as JSON.
    pub max_tokens: Option<&'a str>,
    /// Whether a maximum is then always sent under this name. A server that doesn't know `max_completion_tokens` would have no
    /// bound at all, and some servers refuse a body with both.
    pub renames: bool,
    /// The most that a body may ask for.
    pub caps: Caps,
}

/// The provider that is pinned in a model string of the router's form, "org/name:provider"; routing words are no providers.
pub fn pinned_provider(model: &str) -> Option<&str> {
    Some(name_and_provider(model)?.1)
}

/// Whether the end of a model string is empty or a word by which the router chooses a provider, so that it names none.
pub(super) fn is_routing(suffix: &str) -> bool {
    matches!(suffix, "" | "fastest" | "cheapest" | "preferred")
}

/// The name and the provider in a model string with a pinned provider, as [`pinned_provider`] finds it.
fn name_and_provider(model: &str) -> Option<(&str, &str)> {
    let (name, suffix) = rsplit_once(model, b':')?;
    (!is_routing(suffix) && count(name, b'/') > 0).then_some((name, suffix))
}

/// A model string without the client's id at its beginning.
pub fn without_own_id<'a>(model: &'a str, id: &str) -> &'a str {
    let own = model
        .strip_prefix(id)
        .and_then(|rest| rest.strip_prefix(":"));
    own.unwrap_or(model)
}

/// The model string for the server, from the request or the client.
///
/// A prefix counts as the client's id only if it equals that id and contains no slash, so "org/name:provider" stays as it is.
pub fn resolve_model(given: Option<&str>, defaults: Defaults<'_>) -> Result<String, Error> {
    let model = given.or(defaults.model).ok_or_else(|| {
        Error::config(
            "model",
            "is missing: name one in the request or in the client's options",
        )
    })?;
    let model = without_own_id(model, defaults.id);
    if model.is_empty() || model.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::config(
            "model",
            "must be a model id such as \"org/name\" or \"org/name:provider\"",
        ));
    }
    Ok(model.to_string())
}

/// Checks a chat body and writes it for the server; `prompt` is called with every piece that counts as prompt.
pub fn chat(
    text: &str,
    defaults: Defaults<'_>,
    prompt: &mut dyn FnMut(Prompt<'_>),
) -> Result<ChatRequest, Error> {
    Reader {
        api: Api::Chat,
        caps: defaults.caps,
        prompt: PromptReader::new(prompt),
    }
    .read(text, defaults)
}

/// The same for a text completion; at the router it is sent to the provider's own path.
pub fn completion(
    text: &str,
    on_router: bool,
    defaults: Defaults<'_>,
    prompt: &mut dyn FnMut(Prompt<'_>),
) -> Result<ChatRequest, Error> {
    Reader {
        api: Api::Completion { on_router },
        caps: defaults.caps,
        prompt: PromptReader::new(prompt),
    }
    .read(text, defaults)
}

/// Checks a body of the Responses API as far as limits and prices need it, and writes it for the server; `prompt` is called with
/// every piece that counts as prompt.
pub fn responses(
    text: &str,
    defaults: Defaults<'_>,
    prompt: &mut dyn FnMut(Prompt<'_>),
) -> Result<ChatRequest, Error> {
    Reader {
        api: Api::Responses,
        caps: defaults.caps,
        prompt: PromptReader::new(prompt),
    }
    .read(text, defaults)
}
