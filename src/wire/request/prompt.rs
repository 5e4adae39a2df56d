//! The prompt of a request: every string in it except those that are known not to be, since nobody here knows what each
//! server shows to its model. Messages and tools are checked in the same pass.

use super::file;
use super::member::{listed, wrong};
use super::part::{
    DATA, LABELS, LONGEST_LABEL, NAMES, Part, ROLES, SHORTEST_DATA, WORDS, is_data, is_link, medium,
};
use crate::error::Error;
use crate::field::item;
use crate::json::{Kind, RawString, Scanner};

/// A piece of a request that counts as prompt, for an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Prompt<'a> {
    /// The beginning of a message.
    Message,
    /// Text of a message, a tool call, a tool's definition, or anything else that a model may see.
    Text(&'a str),
    /// An image, whatever its size.
    Image,
    /// Audio, with its bytes in the body.
    Audio(usize),
    /// Video, with its bytes in the body.
    Video(usize),
    /// A file whose text can't be read here, with its bytes in the body.
    File(usize),
}

const NO_PROMPT: &str = "must be a string, a list of strings, or token ids";

fn token_ids(scanner: &mut Scanner<'_>, index: usize) -> Result<usize, Error> {
    let mut ids = 0;
    scanner.begin_array()?;
    while scanner.next_element()? {
        if scanner.kind()? != Kind::Number {
            return Err(no_prompt(index));
        }
        scanner.number()?;
        ids += 1;
    }
    Ok(ids)
}

fn no_prompt(index: usize) -> Error {
    Error::config(item("prompt", index), NO_PROMPT)
}

#[cold]
fn wrong_in(path: &str, field: &str, problem: &str) -> Result<(), Error> {
    Err(Error::config([path, field].concat(), problem))
}

/// Reads the members that a model sees; `heard` is called with each piece.
pub struct PromptReader<'p> {
    heard: &'p mut dyn FnMut(Prompt<'_>),
}

impl<'p> PromptReader<'p> {
    /// A reader that calls `heard`.
    pub fn new(heard: &'p mut dyn FnMut(Prompt<'_>)) -> Self {
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
            let path = item("messages", index);
            self.message(&mut scanner, &path)?;
            index += 1;
        }
        if index == 0 {
            return Err(Error::config("messages", "must hold at least one message"));
        }
        Ok(())
    }

    fn message<'a>(&mut self, scanner: &mut Scanner<'a>, path: &str) -> Result<(), Error> {
        if scanner.kind()? != Kind::Object {
            return Err(Error::config(path, "must be an object {role, content}"));
        }
        (self.heard)(Prompt::Message);
        let mut part = Part::default();
        let mut role = false;
        scanner.begin_object()?;
        while let Some(key) = scanner.next_key()? {
            let name = key.decoded();
            if &*name == b"role" {
                if scanner.kind()? != Kind::String {
                    return wrong_in(path, ".role", "must be a string such as \"user\"");
                }
                let name = scanner.string()?;
                role = !name.raw.is_empty();
                if !listed(ROLES, name.raw) {
                    self.text(name);
                }
            } else if &*name == b"content" {
                self.content(scanner, path)?;
            } else if listed("name tool_calls", &name) {
                self.all_text(scanner)?;
            } else {
                self.member(key, scanner, &mut part)?;
            }
        }
        self.shown(part, true);
        match role {
            true => Ok(()),
            false => wrong_in(
                path,
                ".role",
                "is missing: \"system\", \"user\", \"assistant\" or \"tool\"",
            ),
        }
    }

    fn content(&mut self, scanner: &mut Scanner<'_>, path: &str) -> Result<(), Error> {
        match scanner.kind()? {
            Kind::Null => Ok(scanner.skip().map(drop)?),
            Kind::String => self.all_text(scanner),
            Kind::Array => self.parts(scanner, path),
            _ => wrong_in(
                path,
                ".content",
                "must be a string, a list of parts, or null",
            ),
        }
    }

    // A function of its own, like the others that few bodies need: an engine compiles a function as a whole at its first call.
    #[inline(never)]
    fn parts(&mut self, scanner: &mut Scanner<'_>, path: &str) -> Result<(), Error> {
        scanner.begin_array()?;
        let mut index = 0usize;
        while scanner.next_element()? {
            if scanner.kind()? != Kind::Object {
                let part = item(".content", index);
                return wrong_in(path, &part, "must be a part such as {type: \"text\", text}");
            }
            self.part(scanner)?;
            index += 1;
        }
        Ok(())
    }

    /// Reads one part: its words, and its media, however these are written.
    fn part(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        let mut part = Part::default();
        self.members(scanner, &mut part)?;
        self.shown(part, false);
        Ok(())
    }

    /// Counts what a part contains. If it has data, the data counts; otherwise the part counts once, unless it consists only of
    /// words.
    fn shown(&mut self, part: Part<'_>, only_data: bool) {
        let is_file = part
            .medium
            .is_some_and(|medium| medium(0) == Prompt::File(0));
        let mut told = only_data || part.medium.is_none() || (is_file && part.has_words);
        let mut names = 0;
        for raw in part.data {
            let data = raw.decoded();
            let Some(medium) = part.medium else {
                self.text(raw);
                continue;
            };
            if !is_link(&data) && data.len() < SHORTEST_DATA {
                names += data.len();
                if names > LONGEST_LABEL {
                    self.text(raw);
                }
                continue;
            }
            told = true;
            match file::text(&data).filter(|_| is_file) {
                Some(text) => (self.heard)(Prompt::Text(&text)),
                None => (self.heard)(medium(data.len())),
            }
        }
        if let (false, Some(medium)) = (told, part.medium) {
            (self.heard)(medium(0));
        }
    }

    /// Reads parts inside a part, as in a tool's answer; anything else counts as words.
    fn inner_parts(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        scanner.begin_array()?;
        while scanner.next_element()? {
            self.item(scanner)?;
        }
        Ok(())
    }

    fn members<'a>(&mut self, scanner: &mut Scanner<'a>, part: &mut Part<'a>) -> Result<(), Error> {
        scanner.begin_object()?;
        while let Some(key) = scanner.next_key()? {
            self.member(key, scanner, part)?;
        }
        Ok(())
    }

    fn member<'a>(
        &mut self,
        key: RawString<'a>,
        scanner: &mut Scanner<'a>,
        part: &mut Part<'a>,
    ) -> Result<(), Error> {
        let (name, kind) = (key.decoded(), scanner.kind()?);
        let of_name = medium(&name);
        let is_label = listed(LABELS, &name);
        if is_label && kind == Kind::String {
            let label = scanner.string()?;
            if &*name == b"type" {
                part.medium = medium(&label.decoded()).or(part.medium);
            }
            if listed(NAMES, &name) {
                self.text(label);
            } else {
                self.label(label);
            }
            return Ok(());
        }
        if listed(WORDS, &name) {
            part.has_words = true;
            return match kind {
                Kind::Array => self.inner_parts(scanner),
                _ => self.all_text(scanner),
            };
        }
        part.medium = part.medium.or(of_name);
        let holds_data = of_name.is_some() || listed(DATA, &name);
        if !holds_data && !is_label {
            self.text(key);
        }
        self.value(scanner, part, holds_data)
    }

    fn value<'a>(
        &mut self,
        scanner: &mut Scanner<'a>,
        part: &mut Part<'a>,
        holds_data: bool,
    ) -> Result<(), Error> {
        let kind = scanner.kind()?;
        let start = scanner.at();
        match kind {
            Kind::Object => self.members(scanner, part)?,
            Kind::Array => {
                scanner.begin_array()?;
                while scanner.next_element()? {
                    self.value(scanner, part, holds_data)?;
                }
            }
            Kind::String => {
                let text = scanner.string()?;
                if holds_data && is_data(&text.decoded()) {
                    part.data.push(text);
                } else {
                    self.text(text);
                }
                return Ok(());
            }
            _ => return self.all_text(scanner),
        }
        self.marks(scanner, start);
        Ok(())
    }

    /// Counts the brackets of a list or object that contains nothing.
    fn marks(&mut self, scanner: &Scanner<'_>, start: usize) {
        if scanner.at() == start + 2 {
            (self.heard)(Prompt::Text("[]"));
        }
    }

    /// Reads a label: a single word, or a few letters and digits, says what kind something is; anything longer counts as words.
    fn label(&mut self, label: RawString<'_>) {
        let is_word = |byte: &u8| byte.is_ascii_graphic() && *byte != b'\\';
        if label.raw.len() > LONGEST_LABEL || !label.raw.iter().all(is_word) {
            self.text(label);
        }
    }

    /// Reads `tools`.
    pub(super) fn tools(&mut self, value: &[u8]) -> Result<(), Error> {
        let mut scanner = Scanner::new(value);
        match scanner.kind()? {
            Kind::Null => Ok(()),
            Kind::Array => self.all_text(&mut scanner),
            _ => Err(wrong("tools", "a list of tools", value)),
        }
    }

    /// Reads `prompt` of a text completion; returns how many prompts it has, and how many token ids.
    #[inline(never)]
    pub(super) fn prompts(&mut self, value: &[u8]) -> Result<(usize, usize), Error> {
        let mut scanner = Scanner::new(value);
        // All ids in the list itself are one prompt.
        let (mut prompts, mut ids, mut inner) = (0, 0, 0);
        match scanner.kind()? {
            Kind::String => {
                self.all_text(&mut scanner)?;
                return Ok((1, 0));
            }
            Kind::Array => scanner.begin_array()?,
            _ => return Err(Error::config("prompt", NO_PROMPT)),
        }
        while scanner.next_element()? {
            match scanner.kind()? {
                Kind::String if ids == 0 => {
                    self.all_text(&mut scanner)?;
                    prompts += 1;
                }
                Kind::Array if ids == 0 => {
                    inner += token_ids(&mut scanner, prompts)?;
                    prompts += 1;
                }
                Kind::Number if prompts == 0 => {
                    scanner.number()?;
                    ids += 1;
                }
                _ => return Err(no_prompt(prompts.max(ids))),
            }
        }
        if prompts == 0 && ids == 0 {
            return Err(Error::config("prompt", "must hold at least one prompt"));
        }
        Ok((prompts.max(1), ids + inner))
    }

    /// Reads `input` or `instructions` of the Responses API: text, or items of any kind.
    #[inline(never)]
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
            Kind::Object => self.part(scanner),
            _ => self.all_text(scanner),
        }
    }

    /// Reads a member that nobody here knows: a server may show all of it to its model. A single number or boolean is a setting.
    pub fn unknown(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        let mut scanner = Scanner::new(value);
        let is_setting = !matches!(scanner.kind()?, Kind::String | Kind::Array | Kind::Object);
        if is_setting && key.len() + value.len() <= LONGEST_LABEL {
            return Ok(());
        }
        (self.heard)(Prompt::Text(key));
        self.all_text(&mut scanner)
    }

    /// Counts everything in the next value, including keys, since a model sees all of it.
    fn all_text(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        let kind = scanner.kind()?;
        let start = scanner.at();
        match kind {
            Kind::String => {
                let text = scanner.string()?;
                self.text(text);
                return Ok(());
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
            _ => {
                let raw = scanner.skip()?;
                self.text(RawString {
                    raw,
                    escaped: false,
                });
                return Ok(());
            }
        }
        self.marks(scanner, start);
        Ok(())
    }
}
