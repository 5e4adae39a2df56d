//! What a part of a message shows, by the names and the values of its members.

use super::Prompt;
use crate::json::RawString;

/// From this length on what stands where data belongs is data; below it is a name, or the beginning of one.
pub const SHORTEST_DATA: usize = 256;

/// Up to this length a word that says of what kind something is belongs to what a message counts by itself.
pub const LONGEST_LABEL: usize = 64;

/// Members of messages and parts with such a word, which no model is shown as it stands.
pub const LABELS: &str =
    "type role id call_id status format detail filename media_type cache_control";

/// Of those the ones that its writer makes up: some templates show them.
pub const NAMES: &str = "id call_id filename";

/// What a message counts by itself holds one of these; another role is words.
pub const ROLES: &str = "system user assistant tool developer function";

/// Members with words, whose own names no model is shown.
pub const WORDS: &str = "text content refusal thinking reasoning summary name arguments output tool_call_id encrypted_content";

/// Members with data, beside those that name a medium.
pub const DATA: &str = "url data source result";

/// What a part has shown of itself so far.
#[derive(Default)]
pub struct Part<'a> {
    /// By its type, or else by a member's name.
    pub medium: Option<Medium>,
    /// Whether there was text.
    pub has_words: bool,
    /// What may be the bytes of its medium, or where they are to be found.
    pub data: Vec<RawString<'a>>,
}

/// Gives what is shown in so many bytes.
pub type Medium = fn(usize) -> Prompt<'static>;

/// What is shown by the name of a type or of a member: image_url, input_image, audio_url, video, input_file …
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

/// Whether it is a link, or data written as one.
pub fn is_link(data: &[u8]) -> bool {
    [&b"data:"[..], b"http:", b"https:"]
        .iter()
        .any(|scheme| data.starts_with(scheme))
}

/// Whether it can be data, or where some is: what has a space in it is words.
pub fn is_data(data: &[u8]) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    data.iter().all(digit) || (is_link(data) && data.iter().all(|byte| *byte > b' '))
}
