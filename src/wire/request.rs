//! The body of a chat request, of one for a text completion, or of one to the Responses API: the caller's JSON text, checked field by field and written
//! back for the wire.
//!
//! Key order is the caller's but for `model`, which goes first: the router resolves the provider from a short prefix.

mod bound;
mod file;
mod member;
mod part;
mod prompt;
pub mod route;

use std::ops::Range;

use crate::error::Error;
use crate::json::{Kind, RawString, Scanner, number, unescape, write_string};
use crate::text::find;
pub use bound::Caps;
use bound::Measure;
use member::{
    Form, NO_PROMPT, boolean_or_null, count_or_null, most_or_null, number_or_null, stop_form,
    stream_options_form, text_or_null, without_include_usage,
};

pub(super) use member::{broken, doubt, listed};
pub use prompt::Prompt;
pub(super) use prompt::PromptReader;

const STREAM_OPTIONS: &str = "stream_options";

/// Whose parameters a body has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    Chat,
    /// A text completion; the router wants another model's name than any other server.
    Completion {
        on_router: bool,
    },
    Responses,
}

impl Api {
    /// The names of the longest answer; the first is the one that every server of the API knows.
    fn maxima(self) -> &'static [&'static str] {
        match self {
            Api::Chat => &["max_tokens", "max_completion_tokens"],
            Api::Completion { .. } => &["max_tokens"],
            Api::Responses => &["max_output_tokens"],
        }
    }
}

/// A request ready for the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatRequest {
    /// The JSON body.
    pub body: String,
    /// The model as sent: "org/name", with its suffix if it has one.
    pub model: String,
    /// Whether the answer comes as an event stream.
    pub stream: bool,
    /// Whether the caller asked for usage at the end of the stream; the Responses API always tells it.
    pub asks_usage: bool,
    /// `max_tokens`, or what other callers write: `max_completion_tokens`, `max_output_tokens`, `options.num_predict`; the
    /// largest, and the reasoning that is asked for apart from it.
    pub max_tokens: Option<f64>,
    /// How many answers are asked for (`n`, `best_of`), of all prompts together.
    pub choices: f64,
    /// How many tokens of the prompt are given by their numbers.
    pub token_ids: usize,
    /// Where the body's stream options stand, with their comma: what some servers refuse, and can be cut out by [`without`].
    pub stream_options: Option<Range<usize>>,
    /// What to tell the developer of parameters that were probably meant otherwise.
    pub doubts: Vec<String>,
    /// Whether the text that was read could go out as it came: it names its model, and no bound had to be added.
    pub is_complete: bool,
}

/// Whether an answer refuses the stream options of its request, which is worth asking again without them.
pub fn refuses_stream_options(status: u16, answer: &str) -> bool {
    matches!(status, 400 | 422) && find(answer, STREAM_OPTIONS).is_some()
}

/// A body without one of its members.
pub fn without(body: &str, member: &Range<usize>) -> String {
    let kept = [body.get(..member.start), body.get(member.end..)];
    kept.map(Option::unwrap_or_default).concat()
}

/// A body with another model, wherever its member stands; `moved`, a place in it, moves with what is around it.
pub fn with_model(body: String, model: &str, moved: &mut Option<Range<usize>>) -> String {
    let Some(old) = model_place(&body) else {
        return body;
    };
    let mut quoted = Vec::with_capacity(model.len() + 2);
    write_string(model, &mut quoted);
    let quoted = String::from_utf8_lossy(&quoted);
    if let Some(place) = moved.as_mut().filter(|place| place.start >= old.end) {
        let shift = |at: usize| (at + quoted.len()).saturating_sub(old.len());
        *place = shift(place.start)..shift(place.end);
    }
    let around = [body.get(..old.start), body.get(old.end..)];
    let [before, after] = around.map(Option::unwrap_or_default);
    [before, &quoted, after].concat()
}

/// Where the model's value stands in a body.
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

/// What the client knows of itself that a request may lean on.
#[derive(Clone, Copy, Debug)]
pub struct Defaults<'a> {
    /// The client's id: a prefix `id:` of a model string is cut off.
    pub id: &'a str,
    /// The model of requests that name none.
    pub model: Option<&'a str>,
    /// Whether a stream must report usage even to a caller who said that it need not.
    pub needs_usage: bool,
    /// The `max_tokens` of chat requests that name no maximum, as JSON.
    pub max_tokens: Option<&'a str>,
    /// Whether with it a maximum always goes out under this name: a server that does not know `max_completion_tokens` would know
    /// no bound at all, and some take both for a mistake.
    pub renames: bool,
    /// What may be asked for at most.
    pub caps: Caps,
}

/// The provider pinned in a model string of the router's form, "org/name:provider"; routing words are no provider.
pub fn pinned_provider(model: &str) -> Option<&str> {
    let (name, suffix) = model.rsplit_once(':')?;
    let routing = matches!(suffix, "" | "fastest" | "cheapest" | "preferred");
    (!routing && name.contains('/')).then_some(suffix)
}

/// A model string without the client's id before it.
pub fn without_own_id<'a>(model: &'a str, id: &str) -> &'a str {
    let own = model
        .strip_prefix(id)
        .and_then(|rest| rest.strip_prefix(':'));
    own.unwrap_or(model)
}

/// The model string as it goes to the wire, from the request or the client.
///
/// Only a prefix without a slash that is the client's own id counts as one, so "org/name:provider" stays whole.
pub fn resolve_model(given: Option<String>, defaults: Defaults<'_>) -> Result<String, Error> {
    let model = given
        .or_else(|| defaults.model.map(str::to_string))
        .ok_or_else(|| {
            Error::config(
                "model",
                "is missing: name one in the request or in the client's options",
            )
        })?;
    let model = without_own_id(&model, defaults.id).to_string();
    if model.is_empty() || model.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::config(
            "model",
            "must be a model id such as \"org/name\" or \"org/name:provider\"",
        ));
    }
    Ok(model)
}

/// Checks a chat body and writes it for the wire; `prompt` hears every piece that counts as prompt.
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

/// The same for a body of a text completion, which goes to a provider's own route where it goes to the router.
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

/// Checks a body of the Responses API as far as it is metered and limited, and writes it for the wire; `prompt` hears every
/// piece that counts as prompt.
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

#[derive(Default)]
struct Draft<'a> {
    /// Which of [`member::known`] have come, bit by bit.
    seen: u32,
    model: Option<String>,
    messages: bool,
    /// How many prompts a text completion has.
    prompts: usize,
    token_ids: usize,
    stream: bool,
    asks_usage: bool,
    max_tokens: Option<f64>,
    choices: Option<f64>,
    /// What members of other servers' say of the longest answer, and of the reasoning before it.
    others: Option<f64>,
    reasoning: Option<f64>,
    /// Members in the caller's order.
    members: Vec<Member<'a>>,
    doubts: Vec<String>,
}

impl<'a> Draft<'a> {
    /// Gives the body a maximum under the first of the names, unless it has one; `renames` says that one under another name
    /// is no maximum. A word that there is none doesn't go out. Gives whether the body is another now.
    fn bound(&mut self, most: &'a [u8], names: &'static [&'static str], renames: bool) -> bool {
        let (mut first, mut other, mut kept) = (false, None, Vec::new());
        self.max_tokens = None;
        for member in &self.members {
            let key = member.key.decoded();
            let place = names.iter().position(|name| name.as_bytes() == &*key);
            if let Some(place) = place {
                let most = most_or_null("", member.value).ok().flatten();
                let Some(most) = most.filter(|most| most.is_finite()) else {
                    continue;
                };
                self.max_tokens = larger(self.max_tokens, Some(most));
                first |= place == 0;
                if place > 0 {
                    other = Some((kept.len(), member.value));
                }
            }
            kept.push(*member);
        }
        let all = kept.len() == self.members.len();
        self.members = kept;
        if first || (other.is_some() && !renames) {
            return !all;
        }
        let value = match other {
            Some((place, value)) => {
                self.members.remove(place);
                value
            }
            None => most,
        };
        let key = RawString {
            raw: names.first().copied().unwrap_or_default().as_bytes(),
            escaped: false,
        };
        self.members.push(Member {
            key,
            value,
            form: Form::AsItStands,
        });
        self.max_tokens = Some(number(value));
        true
    }

    /// How many answers are asked for: each prompt has as many.
    fn answers(&self) -> f64 {
        self.choices.unwrap_or(1.0) * self.prompts.max(1) as f64
    }

    /// Which of two maxima a server takes is its own affair: the larger one is reserved.
    fn most(&mut self, given: Option<f64>) {
        self.max_tokens = larger(self.max_tokens, given);
    }

    /// The name of a member that means something here, else nothing. Which of two values a server takes is its own affair, and
    /// the one that was checked may be the other.
    fn once(&mut self, key: &[u8]) -> Result<&'static str, Error> {
        for (index, name) in member::known().iter().enumerate() {
            if name.as_bytes() == key {
                let bit = 1 << index;
                if self.seen & bit != 0 {
                    return Err(Error::config(*name, "appears twice"));
                }
                self.seen |= bit;
                return Ok(name);
            }
        }
        Ok("")
    }
}

fn larger(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

#[derive(Clone, Copy)]
struct Member<'a> {
    key: RawString<'a>,
    value: &'a [u8],
    form: Form,
}

struct Reader<'p> {
    api: Api,
    caps: Caps,
    prompt: PromptReader<'p>,
}

impl Reader<'_> {
    fn read<'a>(&mut self, text: &'a str, defaults: Defaults<'a>) -> Result<ChatRequest, Error> {
        let mut scanner = Scanner::new(text.as_bytes());
        let mut draft = Draft::default();
        self.members(&mut scanner, &mut draft)
            .map_err(|error| broken(&scanner, error))?;
        self.check(&draft)?;
        let mut is_complete = true;
        if let Some(most) = defaults.max_tokens {
            is_complete = !draft.bound(most.as_bytes(), self.api.maxima(), defaults.renames);
        }
        let named = draft.model.take();
        let model = resolve_model(named.clone(), defaults)?;
        let sent = match self.api {
            Api::Completion { on_router: true } => route::on_router(&model)?.model,
            _ => &model,
        };
        is_complete &= named.as_deref() == Some(sent);
        let (body, stream_options) = write(&draft, sent, self.api, defaults.needs_usage);
        Ok(ChatRequest {
            body,
            stream_options,
            model,
            stream: draft.stream,
            asks_usage: draft.asks_usage || self.api == Api::Responses,
            max_tokens: larger(draft.max_tokens, draft.others)
                .map(|most| most + draft.reasoning.unwrap_or(0.0))
                .filter(|most| most.is_finite()),
            choices: draft.answers(),
            token_ids: draft.token_ids,
            doubts: draft.doubts,
            is_complete,
        })
    }

    /// Whether what has to be there is.
    fn check(&self, draft: &Draft<'_>) -> Result<(), Error> {
        match self.api {
            Api::Chat if !draft.messages => Err(Error::config(
                "messages",
                "is missing: a list of {role, content} (a prompt goes to completions.create)",
            )),
            Api::Completion { .. } if draft.prompts == 0 => Err(Error::config(
                "prompt",
                "is missing: a string, or a list of strings (messages go to chat.completions.create)",
            )),
            Api::Completion { .. }
                if self.caps.count.is_some_and(|most| draft.answers() > most) =>
            {
                Err(Error::config(
                    "prompt",
                    "asks for more answers than are allowed here",
                ))
            }
            _ => Ok(()),
        }
    }

    #[inline(never)]
    fn members<'a>(
        &mut self,
        scanner: &mut Scanner<'a>,
        draft: &mut Draft<'a>,
    ) -> Result<(), Error> {
        if scanner.kind()? != Kind::Object {
            return Err(Error::config(
                "body",
                "must be an object of request parameters",
            ));
        }
        scanner.begin_object()?;
        while let Some(key) = scanner.next_key()? {
            self.member(draft, key, scanner.skip()?)?;
        }
        Ok(scanner.end()?)
    }

    fn member<'a>(
        &mut self,
        draft: &mut Draft<'a>,
        key: RawString<'a>,
        value: &'a [u8],
    ) -> Result<(), Error> {
        let mut form = Form::AsItStands;
        let decoded = key.decoded();
        let name = draft.once(&decoded)?;
        let given = String::from_utf8_lossy(&decoded);
        if !self.api.maxima().contains(&name) {
            self.measure(draft, &given, value)?;
        }
        match name {
            "model" => {
                draft.model = text_or_null(name, value)?;
                return Ok(());
            }
            "stream" => draft.stream = boolean_or_null(name, value)?,
            "tools" => self.prompt.tools(value)?,
            "max_output_tokens" if self.api == Api::Responses => {
                draft.most(most_or_null(name, value)?);
            }
            "input" | "instructions" if self.api == Api::Responses => self.prompt.items(value)?,
            _ if listed(NO_PROMPT, &decoded) => {}
            STREAM_OPTIONS if self.api == Api::Responses => {}
            _ if self.api == Api::Responses => self.prompt.unknown(&given, value)?,
            "prompt" if self.api != Api::Chat => {
                (draft.prompts, draft.token_ids) = self.prompt.prompts(value)?;
            }
            "messages" if self.api == Api::Chat => {
                self.prompt.messages(value)?;
                draft.messages = true;
            }
            "max_tokens" | "max_completion_tokens" => draft.most(most_or_null(name, value)?),
            "n" => drop(count_or_null(name, value)?),
            "temperature" | "top_p" | "frequency_penalty" | "presence_penalty" | "seed" => {
                number_or_null(name, value)?;
            }
            "stop" => form = stop_form(value)?,
            STREAM_OPTIONS => {
                form = stream_options_form(value)?;
                draft.asks_usage = form == Form::AsksForUsage;
            }
            "" => {
                self.prompt.unknown(&given, value)?;
                doubt(&unescape(key.raw), draft.members.len(), &mut draft.doubts);
            }
            _ => self.prompt.unknown(&given, value)?,
        }
        draft.members.push(Member { key, value, form });
        Ok(())
    }

    /// What a member that one server or another knows says of how much may be written.
    fn measure(&self, draft: &mut Draft<'_>, name: &str, value: &[u8]) -> Result<(), Error> {
        bound::read(name, value, &self.caps, &mut |measure, asked| {
            let most = match measure {
                Measure::Length => &mut draft.others,
                Measure::Count => &mut draft.choices,
                Measure::Reasoning => &mut draft.reasoning,
            };
            *most = larger(*most, Some(asked));
        })
    }
}

/// The body, and where its stream options stand.
fn write(
    draft: &Draft<'_>,
    model: &str,
    api: Api,
    needs_usage: bool,
) -> (String, Option<Range<usize>>) {
    let length: usize = draft
        .members
        .iter()
        .map(|member| member.key.raw.len() + member.value.len() + 4)
        .sum();
    let mut body = String::with_capacity(length + model.len() + 64);
    let mut quoted = Vec::with_capacity(model.len() + 2);
    write_string(model, &mut quoted);
    body.push_str("{\"model\":");
    body.push_str(&String::from_utf8_lossy(&quoted));
    let mut usage_settled = !draft.stream || api == Api::Responses;
    let mut stream_options = None;
    for member @ Member { key, value, form } in &draft.members {
        let start = body.len();
        if *form == Form::Omitted {
            usage_settled |= !needs_usage;
            continue;
        }
        body.push_str(",\"");
        body.push_str(&String::from_utf8_lossy(key.raw));
        body.push_str("\":");
        let value = String::from_utf8_lossy(value);
        match form {
            Form::List => {
                body.push('[');
                body.push_str(&value);
                body.push(']');
            }
            Form::AskForUsage if draft.stream => write_stream_options(&value, &mut body),
            // Of two words on usage a server may take the other one.
            Form::AsksForUsage | Form::DeclinesUsage if draft.stream && needs_usage => {
                write_stream_options(&without_include_usage(member.value), &mut body);
            }
            _ => body.push_str(&value),
        }
        if &*key.decoded() == STREAM_OPTIONS.as_bytes() {
            usage_settled = true;
            stream_options = Some(start..body.len());
        }
    }
    if !usage_settled {
        let start = body.len();
        body.push_str(",\"stream_options\":{\"include_usage\":true}");
        stream_options = Some(start..body.len());
    }
    body.push('}');
    (body, stream_options)
}

/// The caller's stream options, which don't speak of usage, with `include_usage`.
fn write_stream_options(given: &str, body: &mut String) {
    body.push_str("{\"include_usage\":true");
    let inner = given
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .map(str::trim_ascii);
    if let Some(inner) = inner.filter(|inner| !inner.is_empty()) {
        body.push(',');
        body.push_str(inner);
    }
    body.push('}');
}
