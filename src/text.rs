//! Searching, splitting and joining texts with less code than the standard library needs.

/// The index at which `wanted` first occurs in `text`; an empty text is never found. The standard library's search would add 3 kB
/// of code for long texts.
///
/// ```
/// use hfetch::text::find;
///
/// assert_eq!(find("org/name:provider", ":"), Some(8));
/// assert_eq!(find("org/name", ""), None);
/// ```
pub fn find(text: &str, wanted: &str) -> Option<usize> {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    let first = wanted.first()?;
    let mut at = 0;
    loop {
        at += text.get(at..)?.iter().position(|byte| byte == first)?;
        if text.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        at += 1;
    }
}

/// The texts before and after the first `byte`, an ASCII character. The standard library's search for a character would add a
/// kilobyte of code for long texts, and so would its iterators over the parts of a text.
///
/// ```
/// use hfetch::text::split_once;
///
/// assert_eq!(split_once("org/name:a:b", b':'), Some(("org/name", "a:b")));
/// assert_eq!(split_once("org/name", b':'), None);
/// ```
pub fn split_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    split_behind(text, text.bytes().position(|other| other == byte)?)
}

/// The texts before and after the last `byte`, an ASCII character.
pub fn rsplit_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    split_behind(text, text.bytes().rposition(|other| other == byte)?)
}

/// The texts before and after the character at a place.
fn split_behind(text: &str, at: usize) -> Option<(&str, &str)> {
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The parts of a text between these separators, which are ASCII characters.
///
/// ```
/// assert_eq!(hfetch::text::split("06-Nov 94,", b" ,-"), ["06", "Nov", "94", ""]);
/// ```
pub fn split<'a>(text: &'a str, between: &[u8]) -> Vec<&'a str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, byte) in text.bytes().enumerate() {
        if between.contains(&byte) {
            parts.push(text.get(start..at).unwrap_or_default());
            start = at + 1;
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// How often a byte, an ASCII character, occurs in a text.
pub fn count(text: &str, byte: u8) -> usize {
    text.bytes().filter(|other| *other == byte).count()
}

/// A count in decimal digits. With one function for all kinds of integers the module has the code for one kind.
pub fn digits(count: usize) -> String {
    (count as u64).to_string()
}

/// Joins texts with a separator. For a `Vec<String>` the standard library's version would add a kilobyte.
///
/// ```
/// let names = ["a".to_string(), "b".to_string()];
/// assert_eq!(hfetch::text::join(&names, ", "), "a, b");
/// ```
pub fn join(texts: &[String], between: &str) -> String {
    let mut joined = String::new();
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            joined.push_str(between);
        }
        joined.push_str(text);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_where_the_standard_library_finds_it() {
        let texts = ["", "a", "aab", "aaab", "äaä–aab", "abababac", "–", "ab–"];
        for text in texts {
            for wanted in texts.into_iter().skip(1) {
                assert_eq!(find(text, wanted), text.find(wanted), "{wanted} in {text}");
            }
            assert_eq!(find(text, ""), None);
        }
    }
}
