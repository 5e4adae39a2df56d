//! What of a request counts as prompt: its messages and tools, which are checked on the way.

use super::member::{broken, kind};
use crate::error::Error;
use crate::json::{Kind, RawString, Scanner};

/// What of a request counts as prompt, piece by piece, for an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Prompt<'a> {
    /// One message begins.
    Message,
    /// Text of a message, a tool call or a tool's definition.
    Text(&'a str),
    /// An image, whatever its bytes.
    Image,
}

/// Reads the members that a model is shown; `heard` gets each piece.
pub(super) struct PromptReader<'p> {
    heard: &'p mut dyn FnMut(Prompt<'_>),
}

impl<'p> PromptReader<'p> {
    pub(super) fn new(heard: &'p mut dyn FnMut(Prompt<'_>)) -> Self {
        PromptReader { heard }
    }
}

impl PromptReader<'_> {
    fn text(&mut self, raw: RawString<'_>) {
        (self.heard)(Prompt::Text(&String::from_utf8_lossy(&raw.decoded())));
    }

    /// Reads `messages`.
    pub(super) fn messages(&mut self, value: &[u8]) -> Result<(), Error> {
        let mut scanner = Scanner::new(value);
        if kind(&mut scanner)? != Kind::Array {
            return Err(Error::config(
                "messages",
                "must be a list of {role, content}",
            ));
        }
        scanner.begin_array().map_err(broken)?;
        let mut index = 0usize;
        while scanner.next_element().map_err(broken)? {
            let path = ["messages[", &index.to_string(), "]"].concat();
            self.message(&mut scanner, &path)?;
            index += 1;
        }
        if index == 0 {
            return Err(Error::config("messages", "must hold at least one message"));
        }
        Ok(())
    }

    fn message(&mut self, scanner: &mut Scanner<'_>, path: &str) -> Result<(), Error> {
        if kind(scanner)? != Kind::Object {
            return Err(Error::config(path, "must be an object {role, content}"));
        }
        (self.heard)(Prompt::Message);
        let mut role = false;
        scanner.begin_object().map_err(broken)?;
        while let Some(key) = scanner.next_key().map_err(broken)? {
            match &*key.decoded() {
                b"role" => {
                    if kind(scanner)? != Kind::String {
                        return Err(Error::config(
                            [path, ".role"].concat(),
                            "must be a string such as \"user\"",
                        ));
                    }
                    role = !scanner.string().map_err(broken)?.raw.is_empty();
                }
                b"content" => self.content(scanner, path)?,
                b"name" | b"tool_calls" => self.all_text(scanner)?,
                _ => drop(scanner.skip().map_err(broken)?),
            }
        }
        if !role {
            return Err(Error::config(
                [path, ".role"].concat(),
                "is missing: \"system\", \"user\", \"assistant\" or \"tool\"",
            ));
        }
        Ok(())
    }

    fn content(&mut self, scanner: &mut Scanner<'_>, path: &str) -> Result<(), Error> {
        match kind(scanner)? {
            Kind::Null => scanner.null().map_err(broken),
            Kind::String => {
                let text = scanner.string().map_err(broken)?;
                self.text(text);
                Ok(())
            }
            Kind::Array => self.parts(scanner, path),
            _ => Err(Error::config(
                [path, ".content"].concat(),
                "must be a string, a list of parts, or null",
            )),
        }
    }

    fn parts(&mut self, scanner: &mut Scanner<'_>, path: &str) -> Result<(), Error> {
        scanner.begin_array().map_err(broken)?;
        let mut index = 0usize;
        while scanner.next_element().map_err(broken)? {
            if kind(scanner)? != Kind::Object {
                let part = [path, ".content[", &index.to_string(), "]"].concat();
                return Err(Error::config(
                    part,
                    "must be a part such as {type: \"text\", text}",
                ));
            }
            scanner.begin_object().map_err(broken)?;
            while let Some(key) = scanner.next_key().map_err(broken)? {
                match &*key.decoded() {
                    b"text" => self.all_text(scanner)?,
                    b"image_url" | b"image" => {
                        (self.heard)(Prompt::Image);
                        scanner.skip().map_err(broken)?;
                    }
                    _ => drop(scanner.skip().map_err(broken)?),
                }
            }
            index += 1;
        }
        Ok(())
    }

    /// Reads `tools`.
    pub(super) fn tools(&mut self, value: &[u8]) -> Result<(), Error> {
        let mut scanner = Scanner::new(value);
        match kind(&mut scanner)? {
            Kind::Null => Ok(()),
            Kind::Array => self.all_text(&mut scanner),
            _ => Err(Error::config("tools", "must be a list of tools")),
        }
    }

    /// Reads `input` or `instructions` of the Responses API: text, or items of any kind. What the server makes of an item is its own
    /// affair, so that every string counts but for an image's or a file's.
    pub(super) fn items(&mut self, value: &[u8]) -> Result<(), Error> {
        let mut scanner = Scanner::new(value);
        if kind(&mut scanner)? != Kind::Array {
            return self.item(&mut scanner);
        }
        scanner.begin_array().map_err(broken)?;
        while scanner.next_element().map_err(broken)? {
            (self.heard)(Prompt::Message);
            self.item(&mut scanner)?;
        }
        Ok(())
    }

    fn item(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        match kind(scanner)? {
            Kind::Array => {
                scanner.begin_array().map_err(broken)?;
                while scanner.next_element().map_err(broken)? {
                    self.item(scanner)?;
                }
            }
            Kind::Object => {
                scanner.begin_object().map_err(broken)?;
                while let Some(key) = scanner.next_key().map_err(broken)? {
                    match &*key.decoded() {
                        b"image_url" | b"file_data" | b"file_url" | b"file_id" => {
                            (self.heard)(Prompt::Image);
                            scanner.skip().map_err(broken)?;
                        }
                        b"type" | b"role" | b"id" | b"call_id" | b"status"
                        | b"encrypted_content" => {
                            scanner.skip().map_err(broken)?;
                        }
                        _ => self.item(scanner)?,
                    }
                }
            }
            _ => self.all_text(scanner)?,
        }
        Ok(())
    }

    /// Every string below the next value, keys too: a model is shown both.
    fn all_text(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        match kind(scanner)? {
            Kind::String => {
                let text = scanner.string().map_err(broken)?;
                self.text(text);
            }
            Kind::Array => {
                scanner.begin_array().map_err(broken)?;
                while scanner.next_element().map_err(broken)? {
                    self.all_text(scanner)?;
                }
            }
            Kind::Object => {
                scanner.begin_object().map_err(broken)?;
                while let Some(key) = scanner.next_key().map_err(broken)? {
                    self.text(key);
                    self.all_text(scanner)?;
                }
            }
            _ => drop(scanner.skip().map_err(broken)?),
        }
        Ok(())
    }
}
