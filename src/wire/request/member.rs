//! The members of a request body: their allowed values, and how they are written.

use super::{CHAT, COMPLETION, RESPONSES, STREAM_OPTIONS};
use crate::error::Error;
use crate::field::{Bounds, flag, item, number, wrong_type};
use crate::json::{Kind, Scanner, Stop, Value, put};
use crate::spelling::nearest;

/// How a member is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// The member as the caller wrote it.
    AsItStands,
    /// A list: text-generation-inference accepts `stop` only in this form.
    List,
    /// Stream options that don't mention usage: a stream asks for usage unless told otherwise.
    AskForUsage,
    /// Stream options that ask for usage.
    AsksForUsage,
    /// Stream options that decline usage.
    DeclinesUsage,
    /// Not at all: no stream options, or only that no usage is wanted. Some servers refuse the key itself.
    Omitted,
}

/// The meaning of a member, which decides what its value must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    /// The model's name.
    Model,
    /// Whether the answer comes as an event stream.
    Stream,
    /// The messages of a chat.
    Messages,
    /// The prompt of a text completion.
    Prompt,
    /// The input of the Responses API.
    Input,
    /// The tools that the model may call.
    Tools,
    /// The most tokens of the answer; -1 means no maximum.
    Most,
    /// A number within these bounds. It is sent as it was written.
    Number(&'static Bounds),
    /// The texts at which the answer stops.
    Stop,
    /// The stream options.
    StreamOptions,
    /// A setting of the server or a note about the request, which no model reads.
    Setting,
    /// A known name whose value is not checked.
    Known,
    /// An unknown member.
    Unknown,
}

/// A parameter that servers know, the APIs that give it a meaning here, and that meaning.
pub type Row = (&'static str, u8, Meaning);

const TEXT: u8 = CHAT | COMPLETION;
const ANY: u8 = TEXT | RESPONSES;

/// The number of [`ROWS`] that have a meaning here. A body may contain each of them only once.
pub const MEANINGFUL: usize = 19;

/// Parameters that servers know. First come those that have a meaning here; then frequent ones, and those whose names resemble
/// another parameter's, so that they are not taken for a misspelt one.
pub static ROWS: [Row; 47] = [
    ("model", ANY, Meaning::Model),
    ("messages", CHAT, Meaning::Messages),
    ("stream", ANY, Meaning::Stream),
    ("max_tokens", TEXT, Meaning::Most),
    ("max_completion_tokens", TEXT, Meaning::Most),
    ("n", TEXT, Meaning::Number(Bounds::MANY)),
    ("temperature", TEXT, Meaning::Number(Bounds::ANY)),
    ("top_p", TEXT, Meaning::Number(Bounds::ANY)),
    ("frequency_penalty", TEXT, Meaning::Number(Bounds::ANY)),
    ("presence_penalty", TEXT, Meaning::Number(Bounds::ANY)),
    ("seed", TEXT, Meaning::Number(Bounds::ANY)),
    ("stop", TEXT, Meaning::Stop),
    (STREAM_OPTIONS, TEXT, Meaning::StreamOptions),
    ("tools", ANY, Meaning::Tools),
    ("input", RESPONSES, Meaning::Input),
    ("instructions", RESPONSES, Meaning::Input),
    ("max_output_tokens", RESPONSES, Meaning::Most),
    ("background", ANY, Meaning::Setting),
    ("prompt", COMPLETION, Meaning::Prompt),
    ("user", ANY, Meaning::Setting),
    ("logit_bias", ANY, Meaning::Setting),
    ("store", ANY, Meaning::Setting),
    ("reasoning_effort", ANY, Meaning::Setting),
    ("metadata", ANY, Meaning::Setting),
    ("service_tier", ANY, Meaning::Setting),
    ("safety_identifier", ANY, Meaning::Setting),
    ("prompt_cache_key", ANY, Meaning::Setting),
    ("tool_choice", ANY, Meaning::Known),
    ("response_format", ANY, Meaning::Known),
    ("logprobs", ANY, Meaning::Known),
    ("top_logprobs", ANY, Meaning::Known),
    ("parallel_tool_calls", ANY, Meaning::Known),
    ("encoding_format", ANY, Meaning::Known),
    ("dimensions", ANY, Meaning::Known),
    ("dimension", ANY, Meaning::Known),
    ("inputs", ANY, Meaning::Known),
    ("logprob", ANY, Meaning::Known),
    ("min_p", ANY, Meaning::Known),
    ("min_tokens", ANY, Meaning::Known),
    ("mode", ANY, Meaning::Known),
    ("models", ANY, Meaning::Known),
    ("repetition_penalty", ANY, Meaning::Known),
    ("speed", ANY, Meaning::Known),
    ("top_a", ANY, Meaning::Known),
    ("top_k", ANY, Meaning::Known),
    ("top_n", ANY, Meaning::Known),
    ("top_n_logprobs", ANY, Meaning::Known),
];

/// Options of a call or a client. A server doesn't know them.
const OPTIONS: [&str; 7] = [
    "timeout",
    "retry",
    "maxRetries",
    "headers",
    "apiKey",
    "baseURL",
    "billTo",
];

/// From this many parameters on, misspelt names are no longer looked for: nobody writes so many by hand, and the search takes longer
/// than everything else that is done with a parameter.
const MOST_DOUBTED: usize = 64;

/// Adds a warning about a parameter that is probably misspelt; `behind` is the number of parameters before it. The parameter is
/// sent all the same, since servers have parameters of their own.
#[cold]
#[inline(never)]
pub fn doubt(name: &str, behind: usize, doubts: &mut Vec<String>) {
    if behind >= MOST_DOUBTED {
        return;
    }
    if OPTIONS.contains(&name) {
        let advice = " in a body is sent to the server as it is: as an option it belongs behind the body, or to the client";
        return doubts.push(["hfetch: ", name, advice].concat());
    }
    if ROWS.iter().any(|row| row.0 == name) {
        return;
    }
    let near = |edits, letters| match edits {
        0 => true,
        1 => letters >= 4,
        edits => edits == 2 && letters >= 8,
    };
    if let Some(meant) = nearest(name, &ROWS.map(|row| row.0), near) {
        let said = [
            "hfetch: ",
            name,
            " in a body is sent as it is; did you mean ",
            meant,
            "?",
        ];
        doubts.push(said.concat());
    }
}

/// Whether a name is in a list of names, separated by spaces.
pub fn listed(list: &str, name: &[u8]) -> bool {
    let mut names = list.as_bytes().split(|byte| *byte == b' ');
    names.any(|known| known == name)
}

/// The error of a body that the scanner could not read: it is nested too deeply, or no JSON, which an engine never writes.
pub fn broken(scanner: &Scanner<'_>, error: Error) -> Error {
    match scanner.malformed().problem {
        "" => error,
        problem => Error::config("body", problem),
    }
}

/// The body's scanner has already read each member, so no scanner inside of it can stop.
impl From<Stop> for Error {
    #[inline(never)]
    fn from(_: Stop) -> Self {
        Error::config("body", "is no JSON")
    }
}

/// Enters a body, which must be an object.
pub fn begin_body(scanner: &mut Scanner<'_>) -> Result<(), Error> {
    if scanner.kind()? != Kind::Object {
        let problem = "must be an object of request parameters";
        return Err(Error::config("body", problem));
    }
    Ok(scanner.begin_object()?)
}

/// The value of a member that must not be a list or an object. Of a list or an object only the type is given, and `null` counts as absent.
fn said(value: &[u8]) -> Result<Option<Value>, Stop> {
    Ok(match value {
        b"null" => None,
        [b'[', ..] => Some(Value::Array(Vec::new())),
        [b'{', ..] => Some(Value::Object(Vec::new())),
        _ => Some(Scanner::new(value).value()?),
    })
}

/// A string, or `None` if the value is absent.
pub fn text_or_null(path: &str, value: &[u8]) -> Result<Option<String>, Error> {
    match said(value)? {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong_type(path, "a string", &other)),
    }
}

/// A boolean; an absent value counts as false.
pub fn flag_or_null(path: &str, value: &[u8]) -> Result<bool, Error> {
    said(value)?.map_or(Ok(false), |said| flag(&said, path))
}

/// A number within bounds, or `None` if the value is absent.
pub fn number_or_null(path: &str, value: &[u8], bounds: &Bounds) -> Result<Option<f64>, Error> {
    let number = said(value)?.map(|said| number(&said, path, bounds));
    number.transpose()
}

/// The most tokens of an answer, or `None` for null. Some servers take -1 as "no maximum", which is infinite here.
pub fn most_or_null(path: &str, value: &[u8]) -> Result<Option<f64>, Error> {
    match value {
        b"-1" => Ok(Some(f64::INFINITY)),
        _ => number_or_null(path, value, Bounds::MANY),
    }
}

/// The error of a member whose value has another type.
pub fn wrong(path: &str, wanted: &str, value: &[u8]) -> Error {
    match said(value) {
        Ok(said) => wrong_type(path, wanted, &said.unwrap_or(Value::Null)),
        Err(stop) => stop.into(),
    }
}

/// How `stop` is written.
// A function of its own, like the one for stream options: an engine compiles a function as a whole at its first call, and few bodies have
// these members.
#[inline(never)]
pub fn stop_form(value: &[u8]) -> Result<Form, Error> {
    let mut scanner = Scanner::new(value);
    match scanner.kind()? {
        Kind::Null => return Ok(Form::AsItStands),
        Kind::String => return Ok(Form::List),
        Kind::Array => {}
        _ => return Err(wrong("stop", "a string or a list of strings", value)),
    }
    scanner.begin_array()?;
    let mut index = 0usize;
    while scanner.next_element()? {
        let is_text = scanner.kind()? == Kind::String;
        let value = scanner.skip()?;
        if !is_text {
            return Err(wrong(&item("stop", index), "a string", value));
        }
        index += 1;
    }
    Ok(Form::AsItStands)
}

/// The statement of `stream_options` about usage; the last of several statements counts, as everywhere in JSON.
#[inline(never)]
pub fn stream_options_form(value: &[u8]) -> Result<Form, Error> {
    let mut scanner = Scanner::new(value);
    match scanner.kind()? {
        Kind::Null => return Ok(Form::Omitted),
        Kind::Object => {}
        _ => return Err(wrong(STREAM_OPTIONS, "an object", value)),
    }
    let mut form = Form::AskForUsage;
    let mut others = false;
    scanner.begin_object()?;
    while let Some(key) = scanner.next_key()? {
        let value = scanner.skip()?;
        if &*key.decoded() == INCLUDE_USAGE {
            let wanted = flag_or_null("stream_options.include_usage", value)?;
            form = if wanted {
                Form::AsksForUsage
            } else {
                Form::DeclinesUsage
            };
        } else {
            others = true;
        }
    }
    Ok(match form {
        Form::DeclinesUsage if !others => Form::Omitted,
        form => form,
    })
}

const INCLUDE_USAGE: &[u8] = b"include_usage";

/// The stream options, already checked, as an object without their statement about usage.
pub fn without_include_usage(value: &[u8]) -> Vec<u8> {
    let mut scanner = Scanner::new(value);
    let mut kept = vec![b'{'];
    // The options were read before, so no scanner can stop.
    if scanner.begin_object().is_ok() {
        while let Ok(Some(key)) = scanner.next_key() {
            let value = scanner.skip().unwrap_or_default();
            if &*key.decoded() != INCLUDE_USAGE {
                let comma: &[u8] = if kept.len() > 1 { b"," } else { b"" };
                put(&mut kept, &[comma, b"\"", key.raw, b"\":", value]);
            }
        }
    }
    kept.push(b'}');
    kept
}
