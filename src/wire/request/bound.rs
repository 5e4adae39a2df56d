//! Members that tell a server how much it may write, however they are spelled and wherever they are.

use super::member::{listed, most_or_null};
use crate::error::Error;
use crate::json::{Kind, Scanner};

/// The measure that a member limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The longest answer, in tokens.
    Length,
    /// The number of answers.
    Count,
    /// The longest reasoning, in tokens, which some servers count separately from the answer.
    Reasoning,
}

/// Names without case and separators: max_tokens, maxTokens, Max-Tokens.
const LENGTHS: &str = "maxtokens maxcompletiontokens maxoutputtokens maxnewtokens maxgenlen maxgenerationlength \
    maxlength maxlen maxtokenstosample maxtokenstogenerate maxdecodetokens numpredict npredict";
const REASONING: &str = "thinkingbudget thinkingtokenbudget budgettokens reasoningbudget maxreasoningtokens \
    maxthinkingtokens";
const COUNTS: &str = "n bestof nbest numreturnsequences numcompletions numchoices numresponses numgenerations \
    numsamples numbeams candidatecount";

/// Members that contain texts or schemas, inside of which names belong to their author.
const NO_SETTINGS: &str = "messages tools tool_choice functions function_call response_format text input instructions \
    prompt documents prediction metadata stop logit_bias guided_json";

/// The measure that a member with this name limits.
fn measure(name: &[u8]) -> Option<Measure> {
    let mut plain = Vec::new();
    for byte in name {
        if byte.is_ascii_alphanumeric() {
            plain.push(byte.to_ascii_lowercase());
        }
    }
    if listed(LENGTHS, &plain) {
        Some(Measure::Length)
    } else if listed(COUNTS, &plain) {
        Some(Measure::Count)
    } else if listed(REASONING, &plain) {
        Some(Measure::Reasoning)
    } else {
        None
    }
}

/// The most that a body may ask for.
///
/// ```
/// use hfetch::wire::request::{self, Caps, Defaults};
///
/// let caps = Caps { length: Some(100.0), ..Caps::NONE };
/// let defaults = Defaults { id: "", model: Some("org/name"), needs_usage: false, max_tokens: None, renames: false, caps };
/// let asks = |member: &str| {
///     let body = [r#"{"messages": [{"role": "user", "content": "Hi"}], "#, member, "}"].concat();
///     request::chat(&body, defaults, &mut |_| {}).map(|request| request.max_tokens)
/// };
/// assert_eq!(asks(r#""max_tokens": 100"#).unwrap(), Some(100.0));
/// // A cap applies to every name that some server knows.
/// assert!(asks(r#""options": {"num_predict": 101}"#).is_err());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// The most tokens of an answer.
    pub length: Option<f64>,
    /// The most answers.
    pub count: Option<f64>,
    /// Whether the cost has to be known beforehand, so that an endless answer is refused.
    pub is_spending: bool,
}

impl Caps {
    /// No caps.
    pub const NONE: Caps = Caps {
        length: None,
        count: None,
        is_spending: false,
    };

    // A function of its own: an engine compiles a function as a whole at its first call, and many bodies have no such member.
    #[inline(never)]
    fn check(&self, path: &str, measure: Measure, value: &[u8]) -> Result<Option<f64>, Error> {
        let cap = match measure {
            Measure::Length | Measure::Reasoning => self.length,
            Measure::Count => self.count,
        };
        if cap.is_none() && !self.is_spending {
            return Ok(most_or_null(path, value).ok().flatten());
        }
        // Reasoning may be switched off.
        if measure == Measure::Reasoning && value == b"0" {
            return Ok(None);
        }
        let most = cap.unwrap_or(f64::MAX);
        match most_or_null(path, value)? {
            Some(asked) if asked > most => {
                let most = (most as u64).to_string();
                let capped = ["may be at most ", &most, " here"].concat();
                let problem = match cap {
                    Some(_) => capped.as_str(),
                    None => "must be a number: there is a budget",
                };
                Err(Error::config(path, problem))
            }
            asked => Ok(asked),
        }
    }
}

/// Calls `found` for each member of a body, at any depth, that limits how much may be written, after checking it against the caps.
pub fn read(
    name: &str,
    value: &[u8],
    caps: &Caps,
    found: &mut dyn FnMut(Measure, f64),
) -> Result<(), Error> {
    if listed(NO_SETTINGS, name.as_bytes()) {
        return Ok(());
    }
    let measure = measure(name.as_bytes());
    below(&mut Scanner::new(value), name, measure, caps, found)
}

fn below(
    scanner: &mut Scanner<'_>,
    path: &str,
    about: Option<Measure>,
    caps: &Caps,
    found: &mut dyn FnMut(Measure, f64),
) -> Result<(), Error> {
    match scanner.kind()? {
        Kind::Object => {
            scanner.begin_object()?;
            while let Some(key) = scanner.next_key()? {
                let name = key.decoded();
                let path = [path, ".", &String::from_utf8_lossy(&name)].concat();
                below(scanner, &path, measure(&name), caps, found)?;
            }
        }
        Kind::Array => {
            scanner.begin_array()?;
            while scanner.next_element()? {
                below(scanner, path, None, caps, found)?;
            }
        }
        _ => {
            let value = scanner.skip()?;
            let asked = about.map(|measure| (measure, caps.check(path, measure, value)));
            if let Some((measure, asked)) = asked
                && let Some(asked) = asked?
            {
                found(measure, asked);
            }
        }
    }
    Ok(())
}
