//! The body of an embeddings request, checked field by field.

use super::request::Format;
use crate::error::Error;
use crate::field::{Bounds, item, one_of};
use crate::json::{Kind, Scanner, Stop, unescape};
use crate::wire::request::{begin_body, broken, doubt, number_or_null, text_or_null, wrong};

/// The inputs, each as its JSON text.
pub struct Inputs {
    pub texts: Vec<String>,
    /// Whether there is one input that is not in a list.
    pub single: bool,
    pub token_ids: bool,
}

/// A body, split into its members.
#[derive(Default)]
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
        let mut draft = Draft::default();
        let read = draft.scan(&mut scanner, under);
        read.map_err(|error| broken(&scanner, error))?;
        Ok(draft)
    }

    /// Removes and returns a member.
    pub fn member_of(&mut self, name: &str) -> Option<String> {
        let at = self.members.iter().position(|(key, _)| key == name)?;
        Some(self.members.remove(at).1)
    }

    fn scan(&mut self, scanner: &mut Scanner<'_>, under: &'static str) -> Result<(), Error> {
        begin_body(scanner)?;
        while let Some(key) = scanner.next_key()? {
            let kind = scanner.kind()?;
            let (key, value) = (unescape(key.raw), scanner.skip()?);
            match key == under {
                true => self.inputs = Some(inputs(under, kind, value)?),
                false => self.member(&key, value)?,
            }
        }
        Ok(scanner.end()?)
    }

    fn member(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        match key {
            "model" => self.model = text_or_null(key, value)?,
            "encoding_format" => {
                self.format = match value {
                    b"\"float\"" => Format::Numbers,
                    b"\"base64\"" => Format::Base64,
                    _ => return Err(Error::config(key, &one_of(&["float", "base64"]))),
                };
                self.keep(key, value);
            }
            "dimensions" | "top_n" => {
                let count = number_or_null(key, value, Bounds::COUNT)?;
                if count.is_some() || key == "dimensions" {
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

/// What `input` may be: text, a list of texts, token ids, or a list of lists of these.
fn inputs(under: &'static str, kind: Kind, value: &[u8]) -> Result<Inputs, Error> {
    let wrong = || {
        let wanted = match under {
            "input" => "a string, a list of strings, or token ids",
            _ => "a list of strings",
        };
        wrong(under, wanted, value)
    };
    match kind {
        Kind::String => Ok(single(value, false)),
        Kind::Array => {
            let elements = elements(value)?;
            let Some((first, _)) = elements.first() else {
                return Err(Error::config(under, "must not be an empty list"));
            };
            if let Some(odd) = elements.iter().position(|(kind, _)| kind != first) {
                return Err(Error::config(
                    item(under, odd),
                    "is of another type than the inputs before it",
                ));
            }
            match first {
                Kind::String => Ok(list(&elements, false)),
                Kind::Array => token_lists(&elements),
                Kind::Number => {
                    check_ids(&elements, "input")?;
                    // A list of numbers is one input, given as token ids.
                    Ok(single(value, true))
                }
                _ => Err(wrong()),
            }
        }
        _ => Err(wrong()),
    }
}

fn token_lists(lists: &[(Kind, &[u8])]) -> Result<Inputs, Error> {
    for (index, (_, ids)) in lists.iter().enumerate() {
        let path = item("input", index);
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
            let problem = "must be a token id, a whole number";
            Err(Error::config(item(path, odd), problem))
        }
    }
}

#[inline(never)]
fn single(value: &[u8], token_ids: bool) -> Inputs {
    Inputs {
        texts: vec![text_of(value)],
        single: true,
        token_ids,
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

fn text_of(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}
