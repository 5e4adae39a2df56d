//! The members of a request body: their allowed values, and how they are written.

use crate::error::Error;
use crate::json::{Kind, Scanner, Stop, unescape};
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

/// How many of [`NAMES`] mean something here.
const MEANINGFUL: usize = 19;

/// Parameters that servers know: first those that mean something here, then common ones, and those for which another one could be
/// mistaken.
static NAMES: [&str; 43] = [
    "model",
    "messages",
    "stream",
    "max_tokens",
    "max_completion_tokens",
    "n",
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "stop",
    "stream_options",
    "tools",
    "input",
    "instructions",
    "max_output_tokens",
    "background",
    "prompt",
    "tool_choice",
    "response_format",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "parallel_tool_calls",
    "reasoning_effort",
    "user",
    "encoding_format",
    "dimensions",
    "dimension",
    "inputs",
    "logprob",
    "min_p",
    "min_tokens",
    "mode",
    "models",
    "repetition_penalty",
    "speed",
    "store",
    "top_a",
    "top_k",
    "top_n",
    "top_n_logprobs",
];

/// Options of a call or a client, which mean nothing to a server.
const OPTIONS: [&str; 7] = [
    "timeout",
    "retry",
    "maxRetries",
    "headers",
    "apiKey",
    "baseURL",
    "billTo",
];

/// The parameters that mean something here.
pub fn known() -> &'static [&'static str] {
    NAMES.get(..MEANINGFUL).unwrap_or_default()
}

/// Nobody writes this many parameters by hand. Beyond this number no suggestions are made, since searching for them would take
/// longer than everything else.
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
    if NAMES.contains(&name) {
        return;
    }
    let near = |edits, letters| match edits {
        0 => true,
        1 => letters >= 4,
        edits => edits == 2 && letters >= 8,
    };
    if let Some(meant) = nearest(name, &NAMES, near) {
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

/// Members that no server shows to its model: settings, and facts about the request. All others may be part of the prompt.
pub const NO_PROMPT: &str = "user metadata logit_bias store service_tier safety_identifier prompt_cache_key reasoning_effort \
    background";

/// The error for a body: it isn't JSON (which an engine never writes), or it is nested too deeply, if that is why its scanner
/// stopped.
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

/// A string, or `None` for null.
pub fn text_or_null(path: &str, value: &[u8]) -> Result<Option<String>, Error> {
    let mut scanner = Scanner::new(value);
    match scanner.kind()? {
        Kind::Null => Ok(None),
        Kind::String => Ok(Some(unescape(scanner.string()?.raw))),
        _ => Err(Error::config(path, "must be a string")),
    }
}

/// A boolean; null means false.
pub fn boolean_or_null(path: &str, value: &[u8]) -> Result<bool, Error> {
    match value {
        b"true" => Ok(true),
        b"false" | b"null" => Ok(false),
        _ => Err(Error::config(path, "must be true or false")),
    }
}

/// A number or null.
pub fn number_or_null(path: &str, value: &[u8]) -> Result<(), Error> {
    match Scanner::new(value).kind()? {
        Kind::Null | Kind::Number => Ok(()),
        _ => Err(Error::config(path, "must be a number")),
    }
}

/// A whole number above 0, or `None` for null.
pub fn count_or_null(path: &str, value: &[u8]) -> Result<Option<f64>, Error> {
    let mut scanner = Scanner::new(value);
    let count = match scanner.kind()? {
        Kind::Null => return Ok(None),
        Kind::Number => crate::json::number(scanner.number()?),
        _ => f64::NAN,
    };
    if count >= 1.0 && count.fract() == 0.0 {
        Ok(Some(count))
    } else {
        Err(Error::config(path, "must be a positive whole number"))
    }
}

/// The most tokens of an answer, or `None` for null. Some servers take -1 as "no maximum", which is infinite here.
pub fn most_or_null(path: &str, value: &[u8]) -> Result<Option<f64>, Error> {
    match value {
        b"-1" => Ok(Some(f64::INFINITY)),
        _ => count_or_null(path, value),
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
        _ => {
            return Err(Error::config(
                "stop",
                "must be a string or a list of strings",
            ));
        }
    }
    scanner.begin_array()?;
    let mut index = 0usize;
    while scanner.next_element()? {
        if scanner.kind()? != Kind::String {
            return Err(Error::config(
                ["stop[", &index.to_string(), "]"].concat(),
                "must be a string",
            ));
        }
        scanner.string()?;
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
        _ => return Err(Error::config("stream_options", "must be an object")),
    }
    let mut form = Form::AskForUsage;
    let mut others = false;
    scanner.begin_object()?;
    while let Some(key) = scanner.next_key()? {
        let value = scanner.skip()?;
        if &*key.decoded() == INCLUDE_USAGE {
            let wanted = boolean_or_null("stream_options.include_usage", value)?;
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
pub fn without_include_usage(value: &[u8]) -> String {
    let mut scanner = Scanner::new(value);
    let mut kept = String::from("{");
    if scanner.begin_object().is_err() {
        return kept;
    }
    while let Ok(Some(key)) = scanner.next_key() {
        let Ok(value) = scanner.skip() else { break };
        if &*key.decoded() == INCLUDE_USAGE {
            continue;
        }
        if kept.len() > 1 {
            kept.push(',');
        }
        kept.extend(["\"", &String::from_utf8_lossy(key.raw), "\":"]);
        kept.push_str(&String::from_utf8_lossy(value));
    }
    kept.push('}');
    kept
}
