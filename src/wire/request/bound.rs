//! Members by which one server or another is told how much it may write, however they are spelled and wherever they stand.

use super::member::{listed, most_or_null};
use crate::error::Error;
use crate::json::{Kind, Scanner};

/// What a member is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The longest answer, in tokens.
    Length,
    /// How many answers are written.
    Count,
    /// The longest reasoning, in tokens, which some servers count apart from the answer.
    Reasoning,
}

/// Names without case and marks: max_tokens, maxTokens, Max-Tokens.
const LENGTHS: &str = "maxtokens maxcompletiontokens maxoutputtokens maxnewtokens maxgenlen maxgenerationlength \
    maxlength maxlen maxtokenstosample maxtokenstogenerate maxdecodetokens numpredict npredict";
const REASONING: &str = "thinkingbudget thinkingtokenbudget budgettokens reasoningbudget maxreasoningtokens \
    maxthinkingtokens";
const COUNTS: &str = "n bestof nbest numreturnsequences numcompletions numchoices numresponses numgenerations \
    numsamples numbeams candidatecount";

/// Members with words or schemas in them, whose names are their writer's own.
const NO_SETTINGS: &str = "messages tools tool_choice functions function_call response_format text input instructions \
    prompt documents prediction metadata stop logit_bias guided_json";

/// What a member of this name is about.
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

/// The most that may be asked for.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Tokens of an answer.
    pub length: Option<f64>,
    /// Answers.
    pub count: Option<f64>,
    /// Whether what can be spent has to be known beforehand.
    pub is_spending: bool,
}

impl Caps {
    /// Whatever the server gives.
    pub const NONE: Caps = Caps {
        length: None,
        count: None,
        is_spending: false,
    };

    // Apart: an engine compiles a function whole when it is first called, and many bodies say nothing of the kind.
    #[inline(never)]
    fn check(&self, path: &str, measure: Measure, value: &[u8]) -> Result<Option<f64>, Error> {
        let cap = match measure {
            Measure::Length | Measure::Reasoning => self.length,
            Measure::Count => self.count,
        };
        if cap.is_none() && !self.is_spending {
            return Ok(most_or_null(path, value).ok().flatten());
        }
        // Of reasoning there may be none.
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

/// Tells `found` of each member of a body, or inside one, that says how much may be written, once it keeps to the caps.
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
