//! The body of an embeddings request, checked field by field.

use super::request::Format;
use crate::error::Error;
use crate::json::{Kind, Scanner, Stop, unescape};
use crate::wire::request::{broken, doubt};

/// The inputs, each as its JSON text.
pub struct Inputs {
    pub texts: Vec<String>,
    /// Whether there is one input that is not in a list.
    pub single: bool,
    pub token_ids: bool,
}

/// A body, split into its members.
pub struct Draft {
    pub model: Option<String>,
    pub inputs: Option<Inputs>,
    pub format: Format,
    /// Every other key with its JSON, in the caller's order.
    pub members: Vec<(String, String)>,
    /// Warnings about parameters that are probably misspelt, for the developer.
    pub doubts: Vec<String>,
}

impl Draft {
    /// Splits a body whose inputs are under this key.
    pub fn read(text: &str, under: &'static str) -> Result<Self, Error> {
        let mut scanner = Scanner::new(text.as_bytes());
        Draft::scan(&mut scanner, under).map_err(|error| broken(&scanner, error))
    }

    /// Removes and returns a member.
    pub fn member_of(&mut self, name: &str) -> Option<String> {
        let at = self.members.iter().position(|(key, _)| key == name)?;
        Some(self.members.remove(at).1)
    }

    fn scan(scanner: &mut Scanner<'_>, under: &'static str) -> Result<Self, Error> {
        let mut draft = Draft {
            model: None,
            inputs: None,
            format: Format::Floats,
            members: Vec::new(),
            doubts: Vec::new(),
        };
        if scanner.kind()? != Kind::Object {
            return Err(Error::config(
                "body",
                "must be an object of request parameters",
            ));
        }
        scanner.begin_object()?;
        while let Some(key) = scanner.next_key()? {
            let kind = scanner.kind()?;
            let (key, value) = (unescape(key.raw), scanner.skip()?);
            match key == under {
                true => draft.inputs = Some(inputs(under, kind, value)?),
                false => draft.member(&key, kind, value)?,
            }
        }
        scanner.end()?;
        Ok(draft)
    }

    fn member(&mut self, key: &str, kind: Kind, value: &[u8]) -> Result<(), Error> {
        match key {
            "model" => match kind {
                Kind::String => self.model = Some(unescape(inside(value))),
                Kind::Null => {}
                _ => return Err(Error::config("model", "must be a string")),
            },
            "encoding_format" => {
                self.format = match value {
                    b"\"float\"" => Format::Numbers,
                    b"\"base64\"" => Format::Base64,
                    _ => {
                        return Err(Error::config(
                            "encoding_format",
                            "must be \"float\" or \"base64\"",
                        ));
                    }
                };
                self.keep(key, value);
            }
            "dimensions" | "top_n" if !is_count(value) => {
                if kind != Kind::Null {
                    return Err(Error::config(key, "must be a whole number above 0"));
                }
                if key == "dimensions" {
                    self.keep(key, value);
                }
            }
            "inputs" => {
                return Err(Error::config(
                    "inputs",
                    "is not a parameter; did you mean input?",
                ));
            }
            _ => {
                doubt(key, self.members.len(), &mut self.doubts);
                self.keep(key, value);
            }
        }
        Ok(())
    }

    fn keep(&mut self, key: &str, value: &[u8]) {
        self.members.push((key.to_string(), text_of(value)));
    }
}

/// Whether the value is a number above 0 without fraction or exponent.
fn is_count(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_digit) && value.iter().any(|digit| *digit != b'0')
}

/// Reads `input`, which may be a text, a list of texts, token ids, or a list of lists of token ids.
fn inputs(under: &'static str, kind: Kind, value: &[u8]) -> Result<Inputs, Error> {
    let wrong = || {
        let problem = match under {
            "input" => "must be a string, a list of strings, or token ids",
            _ => "must be a list of strings",
        };
        Error::config(under, problem)
    };
    match kind {
        Kind::String => Ok(Inputs {
            texts: vec![text_of(value)],
            single: true,
            token_ids: false,
        }),
        Kind::Array => {
            let elements = elements(value)?;
            let Some((first, _)) = elements.first() else {
                return Err(Error::config(under, "must not be an empty list"));
            };
            if let Some(odd) = elements.iter().position(|(kind, _)| kind != first) {
                let path = [under, "[", &odd.to_string(), "]"].concat();
                return Err(Error::config(
                    path,
                    "is of another type than the inputs before it",
                ));
            }
            match first {
                Kind::String => Ok(list(&elements, false)),
                Kind::Array => token_lists(&elements),
                Kind::Number => {
                    check_ids(&elements, "input")?;
                    // A list of numbers is one input, given as token ids.
                    Ok(Inputs {
                        texts: vec![text_of(value)],
                        single: true,
                        token_ids: true,
                    })
                }
                _ => Err(wrong()),
            }
        }
        _ => Err(wrong()),
    }
}

fn token_lists(lists: &[(Kind, &[u8])]) -> Result<Inputs, Error> {
    for (index, (_, ids)) in lists.iter().enumerate() {
        let path = ["input[", &index.to_string(), "]"].concat();
        let ids = elements(ids)?;
        if ids.is_empty() {
            return Err(Error::config(path, "must not be an empty list"));
        }
        check_ids(&ids, &path)?;
    }
    Ok(list(lists, true))
}

fn check_ids(ids: &[(Kind, &[u8])], path: &str) -> Result<(), Error> {
    let is_id =
        |(kind, text): &(Kind, &[u8])| *kind == Kind::Number && text.iter().all(u8::is_ascii_digit);
    match ids.iter().position(|id| !is_id(id)) {
        None => Ok(()),
        Some(odd) => {
            let path = [path, "[", &odd.to_string(), "]"].concat();
            Err(Error::config(path, "must be a token id, a whole number"))
        }
    }
}

fn list(elements: &[(Kind, &[u8])], token_ids: bool) -> Inputs {
    let mut texts = Vec::with_capacity(elements.len());
    for (_, text) in elements {
        texts.push(text_of(text));
    }
    Inputs {
        texts,
        single: false,
        token_ids,
    }
}

fn elements(array: &[u8]) -> Result<Vec<(Kind, &[u8])>, Stop> {
    let mut scanner = Scanner::new(array);
    let mut elements = Vec::new();
    scanner.begin_array()?;
    while scanner.next_element()? {
        elements.push((scanner.kind()?, scanner.skip()?));
    }
    Ok(elements)
}

/// The text between the quotes.
fn inside(string: &[u8]) -> &[u8] {
    string
        .get(1..string.len().saturating_sub(1))
        .unwrap_or_default()
}

fn text_of(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}
