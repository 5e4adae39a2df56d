//! The content of a part of a message, by the names and values of its members.

use super::Prompt;
use crate::json::RawString;

/// From this length on, a value in the place of data is data; a shorter one is a name, or the beginning of one.
pub const SHORTEST_DATA: usize = 256;

/// Up to this length, a word that says what kind something is belongs to what a message counts anyway.
pub const LONGEST_LABEL: usize = 64;

/// Members of messages and parts with such a word, which no model sees as it is.
pub const LABELS: &str =
    "type role id call_id status format detail filename media_type cache_control";

/// The members among them whose values the caller makes up; some templates show these to the model.
pub const NAMES: &str = "id call_id filename";

/// The roles that a message counts anyway; any other role counts as words.
pub const ROLES: &str = "system user assistant tool developer function";

/// Members that contain words and whose own names no model sees.
pub const WORDS: &str = "text content refusal thinking reasoning summary name arguments output tool_call_id encrypted_content";

/// Members that contain data, besides those that name a medium.
pub const DATA: &str = "url data source result";

/// The content of a part so far.
#[derive(Default)]
pub struct Part<'a> {
    /// The medium, by the part's type or otherwise by a member's name.
    pub medium: Option<Medium>,
    /// Whether there was text.
    pub has_words: bool,
    /// Values that may be the bytes of its medium, or their address.
    pub data: Vec<RawString<'a>>,
}

/// Makes the prompt piece for a medium of so many bytes.
pub type Medium = fn(usize) -> Prompt<'static>;

/// The medium that the name of a type or member suggests: image_url, input_image, audio_url, video, input_file …
pub fn medium(name: &[u8]) -> Option<Medium> {
    let media: [(&str, Medium); 5] = [
        ("image", |_| Prompt::Image),
        ("audio", Prompt::Audio),
        ("video", Prompt::Video),
        ("file", Prompt::File),
        ("document", Prompt::File),
    ];
    let names = |word: &str| name.windows(word.len()).any(|part| part == word.as_bytes());
    let found = media.into_iter().find(|row| names(row.0));
    found
        .filter(|_| name.len() <= LONGEST_LABEL)
        .map(|row| row.1)
}

/// Whether the value is a link, or data written as one.
pub fn is_link(data: &[u8]) -> bool {
    [&b"data:"[..], b"http:", b"https:"]
        .iter()
        .any(|scheme| data.starts_with(scheme))
}

/// Whether the value can be data or its address: a text with a space in it is words.
pub fn is_data(data: &[u8]) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    data.iter().all(digit) || (is_link(data) && data.iter().all(|byte| *byte > b' '))
}
