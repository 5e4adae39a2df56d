//! What of a request counts as prompt: its messages and tools, which are checked on the way.

use super::file;
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
    /// Something to hear, whatever its length.
    Audio,
    /// Something to watch, whatever its length.
    Video,
    /// A file whose text can't be read here, or something else that has none.
    File,
}

/// Longest part in bytes of an unknown kind that is taken for text; what is longer is data.
const LONGEST_WORDS: usize = 4_000;

/// What a part has shown of itself so far.
#[derive(Default)]
struct Part {
    /// By its type, or else by a member's name.
    medium: Option<Prompt<'static>>,
    /// Whether there was text.
    has_words: bool,
}

/// What is shown by the name of a type or of a member: image_url, input_image, audio_url, video, input_file …
fn medium(name: &[u8]) -> Option<Prompt<'static>> {
    let media = [
        ("image", Prompt::Image),
        ("audio", Prompt::Audio),
        ("video", Prompt::Video),
        ("file", Prompt::File),
        ("document", Prompt::File),
    ];
    let names = |word: &str| name.windows(word.len()).any(|part| part == word.as_bytes());
    media.into_iter().find(|row| names(row.0)).map(|row| row.1)
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
    #[inline(never)]
    pub(super) fn messages(&mut self, value: &[u8]) -> Result<(), Error> {
        let mut scanner = Scanner::new(value);
        if scanner.kind()? != Kind::Array {
            return Err(Error::config(
                "messages",
                "must be a list of {role, content}",
            ));
        }
        scanner.begin_array()?;
        let mut index = 0usize;
        while scanner.next_element()? {
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
        if scanner.kind()? != Kind::Object {
            return Err(Error::config(path, "must be an object {role, content}"));
        }
        (self.heard)(Prompt::Message);
        let mut role = false;
        scanner.begin_object()?;
        while let Some(key) = scanner.next_key()? {
            match &*key.decoded() {
                b"role" => {
                    if scanner.kind()? != Kind::String {
                        return Err(Error::config(
                            [path, ".role"].concat(),
                            "must be a string such as \"user\"",
                        ));
                    }
                    role = !scanner.string()?.raw.is_empty();
                }
                b"content" => self.content(scanner, path)?,
                b"name" | b"tool_calls" => self.all_text(scanner)?,
                _ => drop(scanner.skip()?),
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
        match scanner.kind()? {
            Kind::Null => Ok(scanner.null()?),
            Kind::String => {
                let text = scanner.string()?;
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
        scanner.begin_array()?;
        let mut index = 0usize;
        while scanner.next_element()? {
            if scanner.kind()? != Kind::Object {
                let part = [path, ".content[", &index.to_string(), "]"].concat();
                return Err(Error::config(
                    part,
                    "must be a part such as {type: \"text\", text}",
                ));
            }
            self.part(scanner)?;
            index += 1;
        }
        Ok(())
    }

    /// One part: its text, else what it shows, counted once however it is written.
    fn part(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        let mut start = scanner.clone();
        let mut part = Part::default();
        self.members(scanner, &mut part)?;
        let length = scanner.at().saturating_sub(start.at());
        match part.medium {
            Some(Prompt::File) | None if part.has_words => {}
            Some(medium) => (self.heard)(medium),
            // A kind of part that nobody knows here: words where it is short, else data, whose length says nothing.
            None if length > LONGEST_WORDS => (self.heard)(Prompt::File),
            None => self.all_text(&mut start)?,
        }
        Ok(())
    }

    /// Parts inside a part, as a tool's answer has them; what is none is words.
    fn inner_parts(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        scanner.begin_array()?;
        while scanner.next_element()? {
            if scanner.kind()? == Kind::Object {
                self.part(scanner)?;
            } else {
                self.all_text(scanner)?;
            }
        }
        Ok(())
    }

    fn members(&mut self, scanner: &mut Scanner<'_>, part: &mut Part) -> Result<(), Error> {
        scanner.begin_object()?;
        while let Some(key) = scanner.next_key()? {
            let kind = scanner.kind()?;
            match (&*key.decoded(), kind) {
                (b"type", Kind::String) => {
                    let name = scanner.string()?;
                    part.medium = medium(&name.decoded()).or(part.medium);
                }
                (b"text" | b"refusal" | b"thinking" | b"reasoning" | b"summary", _) => {
                    part.has_words = true;
                    self.all_text(scanner)?;
                }
                (b"content", Kind::String) => {
                    part.has_words = true;
                    self.all_text(scanner)?;
                }
                (b"content", Kind::Array) => {
                    part.has_words = true;
                    self.inner_parts(scanner)?;
                }
                (b"file_data", Kind::String) => {
                    let data = scanner.string()?;
                    part.medium = part.medium.or(Some(Prompt::File));
                    if let Some(text) = file::text(&data.decoded()) {
                        part.has_words = true;
                        (self.heard)(Prompt::Text(&text));
                    }
                }
                (b"file", Kind::Object) => {
                    part.medium = part.medium.or(Some(Prompt::File));
                    self.members(scanner, part)?;
                }
                (name, _) => {
                    part.medium = part.medium.or(medium(name));
                    scanner.skip()?;
                }
            }
        }
        Ok(())
    }

    /// Reads `tools`.
    pub(super) fn tools(&mut self, value: &[u8]) -> Result<(), Error> {
        let mut scanner = Scanner::new(value);
        match scanner.kind()? {
            Kind::Null => Ok(()),
            Kind::Array => self.all_text(&mut scanner),
            _ => Err(Error::config("tools", "must be a list of tools")),
        }
    }

    /// Reads `input` or `instructions` of the Responses API: text, or items of any kind. What the server makes of an item is its own
    /// affair, so that every string counts but for an image's or a file's.
    pub(super) fn items(&mut self, value: &[u8]) -> Result<(), Error> {
        let mut scanner = Scanner::new(value);
        if scanner.kind()? != Kind::Array {
            return self.item(&mut scanner);
        }
        scanner.begin_array()?;
        while scanner.next_element()? {
            (self.heard)(Prompt::Message);
            self.item(&mut scanner)?;
        }
        Ok(())
    }

    fn item(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        match scanner.kind()? {
            Kind::Array => {
                scanner.begin_array()?;
                while scanner.next_element()? {
                    self.item(scanner)?;
                }
            }
            Kind::Object => {
                scanner.begin_object()?;
                while let Some(key) = scanner.next_key()? {
                    match &*key.decoded() {
                        b"image_url" | b"file_data" | b"file_url" | b"file_id" => {
                            (self.heard)(Prompt::Image);
                            scanner.skip()?;
                        }
                        b"type" | b"role" | b"id" | b"call_id" | b"status"
                        | b"encrypted_content" => {
                            scanner.skip()?;
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
        match scanner.kind()? {
            Kind::String => {
                let text = scanner.string()?;
                self.text(text);
            }
            Kind::Array => {
                scanner.begin_array()?;
                while scanner.next_element()? {
                    self.all_text(scanner)?;
                }
            }
            Kind::Object => {
                scanner.begin_object()?;
                while let Some(key) = scanner.next_key()? {
                    self.text(key);
                    self.all_text(scanner)?;
                }
            }
            _ => drop(scanner.skip()?),
        }
        Ok(())
    }
}
