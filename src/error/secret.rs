//! Removes secrets from texts. A secret is found in every way in which JSON can spell it.

/// The replacement for a secret.
pub const REDACTED: &str = "[redacted]";

/// The mark at the end of a text that was cut short.
pub const CUT: &str = " …";

/// Shorter secrets are ignored, since they occur in other words: `none` in `none_found`.
const SHORTEST_SECRET: usize = 8;

/// The beginning of a secret is removed too, from half of its length on, but never fewer letters than this.
const LEAST: usize = 12;

/// Directly before a [`CUT`], this many letters of a secret are enough to be removed. The first four of a key are the same in every
/// key.
const LEAST_BEFORE_CUT: usize = 5;

/// The most characters that can remain of an escape when a text is cut inside it.
const LONGEST_ESCAPE: usize = 40;

/// How deep escapes of escapes are followed.
const LEVELS: usize = 3;

/// Adds a secret to the list that is searched for.
pub fn add_secret(secrets: &mut Vec<String>, secret: &str) {
    let is_new = secrets.iter().all(|known| known != secret);
    if is_new && secret.len() >= SHORTEST_SECRET {
        secrets.push(secret.to_string());
    }
}

/// Replaces every occurrence of a secret in `text`; of several secrets that start alike, the longest.
///
/// Each letter is recognised as itself, after backslashes, or as `\u0068`, in any mixture, and in JSON inside strings of
/// JSON. The beginning of a secret counts as well if it is at least half of it or comes directly before a [`CUT`].
///
/// ```
/// use hfetch::error::redact;
///
/// let secrets = ["hf_example-of-a-key".to_string()];
/// assert_eq!(redact("key hf_example-of-a-key is bad", &secrets), "key [redacted] is bad");
/// // JSON can spell every letter of a key as an escape.
/// assert_eq!(redact(r"key \u0068f_example-of-a-key is bad", &secrets), "key [redacted] is bad");
/// ```
pub fn redact(text: &str, secrets: &[String]) -> String {
    without(text, secrets).unwrap_or_else(|| text.to_string())
}

/// The same, or `None` if the text contains no secret.
pub fn without(text: &str, secrets: &[String]) -> Option<String> {
    let mut begins = vec![b'\\'];
    for secret in secrets {
        if let Some(first) = secret.bytes().find(|byte| *byte != b'\\') {
            begins.push(first);
        }
    }
    let may_begin = |byte: &u8| begins.contains(byte);
    text.bytes()
        .any(|byte| may_begin(&byte))
        .then(|| cut_out(text, secrets, &may_begin))?
}

// A function of its own: an engine compiles a function as a whole at its first call, and few texts have a secret in them.
#[inline(never)]
fn cut_out(text: &str, secrets: &[String], may_begin: &dyn Fn(&u8) -> bool) -> Option<String> {
    let mut clean = String::new();
    let (mut kept, mut at) = (0, 0);
    while let Some(rest) = text.as_bytes().get(at..)
        && let Some(next) = rest.iter().position(may_begin)
    {
        at += next;
        // The letter at this place is decoded once, however many secrets there are.
        let here = letter(text, at, LEVELS).map(|(letter, _)| letter);
        let alike = |secret: &&String| secret.chars().find(|letter| *letter != '\\') == here;
        let ends = secrets.iter().filter(alike);
        if let Some(end) = ends.filter_map(|secret| end_of(text, at, secret)).max() {
            clean.push_str(text.get(kept..at).unwrap_or_default());
            clean.push_str(REDACTED);
            (kept, at) = (end, end);
        } else {
            // Several backslashes in a row belong to the character after them.
            let run = run_end(text, at, LEVELS);
            at = if run > at { run } else { at + 1 };
        }
    }
    clean.push_str(text.get(kept..).filter(|_| kept > 0)?);
    Some(clean)
}

/// The end of a secret that begins at `from`, or of the part of it that the text contains; `None` if that part is too short.
fn end_of(text: &str, from: usize, secret: &str) -> Option<usize> {
    let (mut count, mut end) = (0, from);
    for wanted in secret.chars() {
        // Backslashes of the secret are skipped, like those of the text.
        if wanted != '\\' {
            match letter(text, end, LEVELS) {
                Some((found, after)) if found == wanted => end = after,
                _ => break,
            }
        }
        count += wanted.len_utf8();
    }
    if end > from && count >= LEAST.max(secret.len() / 2).min(secret.len()) {
        return Some(end);
    }
    if count < LEAST_BEFORE_CUT {
        return None;
    }
    // The cut may be inside an escape or inside a letter of several bytes.
    let rest = text.get(end..)?;
    let parted = rest.starts_with(['\\', char::REPLACEMENT_CHARACTER]);
    let mut most = if parted { LONGEST_ESCAPE } else { 0 };
    let cut = rest.trim_start_matches(|c: char| {
        let more = most > 0 && !c.is_whitespace();
        most = most.saturating_sub(1);
        more
    });
    cut.starts_with(CUT).then_some(text.len() - cut.len())
}

/// The end of a row of backslashes, however they are spelled.
fn run_end(text: &str, from: usize, levels: usize) -> usize {
    let mut at = from;
    while let Some(('\\', end)) = unit(text, at, at > from, levels) {
        at = end;
    }
    at
}

/// The letter at a place and the end of its spelling. Backslashes that escape nothing are skipped.
fn letter(text: &str, from: usize, levels: usize) -> Option<(char, usize)> {
    let at = run_end(text, from, levels);
    unit(text, at, at > from, levels)
}

/// The letter at a place; after a backslash, the letter that the escape spells.
fn unit(text: &str, from: usize, escaped: bool, levels: usize) -> Option<(char, usize)> {
    let mut letter = text.get(from..)?.chars().next()?;
    let mut at = from + letter.len_utf8();
    // The decoded letter may be the `u` of another escape.
    while escaped
        && letter == 'u'
        && let Some(spelled) = code(text, at, levels)
    {
        (letter, at) = spelled;
    }
    Some((letter, at))
}

/// The letter for the four hexadecimal digits at a place.
fn code(text: &str, from: usize, levels: usize) -> Option<(char, usize)> {
    let levels = levels.checked_sub(1)?;
    let (mut code, mut at) = (0, from);
    for _ in 0..4 {
        let (digit, end) = letter(text, at, levels)?;
        code = code * 16 + digit.to_digit(16)?;
        at = end;
    }
    let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some((letter, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_no_secret() {
        let keys = [
            "none",
            "hf_long_key",
            "1234567",
            "12345678",
            "hf_long_key_of_another",
            "hf_long_key",
            "",
        ];
        let mut found = Vec::new();
        keys.iter().for_each(|key| add_secret(&mut found, key));
        assert_eq!(found, ["hf_long_key", "12345678", "hf_long_key_of_another"]);
        assert_eq!(
            redact("none_found for hf_long_key", &found),
            "none_found for [redacted]"
        );
    }

    #[test]
    fn every_occurrence_of_every_secret_is_cut_out() {
        let secrets = ["hf_a".to_string(), String::new(), "hf_b".to_string()];
        assert_eq!(
            redact("hf_a, hf_b and hf_a", &secrets),
            "[redacted], [redacted] and [redacted]"
        );
        let twice = ["aa".to_string(), "é".to_string()];
        assert_eq!(
            redact("éaaa–aaaa", &twice),
            "[redacted][redacted]a–[redacted][redacted]"
        );
    }

    #[test]
    fn of_a_secret_that_begins_with_another_nothing_is_left() {
        for secrets in [["hf_ab", "hf_abcd"], ["hf_abcd", "hf_ab"]] {
            let secrets = secrets.map(str::to_string);
            assert_eq!(redact("hf_abcd, hf_ab", &secrets), "[redacted], [redacted]");
        }
    }

    #[test]
    fn what_a_cut_leaves_of_a_secret_is_cut_out() {
        let secrets = ["hf_other".to_string(), "hf_secret".to_string()];
        let cut = |text: &str| redact(text, &secrets);
        assert_eq!(cut("the key is hf_secr …"), "the key is [redacted] …");
        // A hint may follow, and a page's title stands in quotes.
        assert_eq!(
            cut("401 hf_othe … Check \"hf_secre …\"."),
            "401 [redacted] … Check \"[redacted] …\"."
        );
        for whole in ["the key is hf_s …", "hf_secr", "hf_secreu …", " …", ""] {
            assert_eq!(cut(whole), whole);
        }
        // A cut may be inside an escape or inside a letter of several bytes.
        for part in [
            "hf_secr\\u00",
            "hf_secr\\",
            "hf_se\\u0063\\u",
            "hf_secr\u{FFFD}",
        ] {
            assert_eq!(cut(&[part, CUT].concat()), "[redacted] …", "{part}");
        }
    }

    #[test]
    fn half_of_a_secret_is_cut_out_as_the_whole_is() {
        let secrets = ["hf_0123456789abcdefghijklmnopq".to_string()];
        for (quoted, left) in [
            ("hf_0123456789abcdefghi… is wrong", "[redacted]… is wrong"),
            ("hf_0123456789ab...", "[redacted]..."),
            ("hf_0123456789a...", "hf_0123456789a..."),
            ("hf_0123\\u003456789abcd", "[redacted]"),
        ] {
            assert_eq!(redact(quoted, &secrets), left);
        }
        // Half of a short secret may be a word of its own.
        let short = ["token-of-mine".to_string()];
        assert_eq!(redact("token-of-me", &short), "token-of-me");
    }

    #[test]
    fn a_secret_is_found_however_json_spells_it() {
        let secrets = ["hf_a/b\\c\"dé12".to_string()];
        for spelled in [
            "hf_a/b\\c\"dé12",
            "hf_a\\/b\\\\c\\\"d\\u00e912",
            "\\u0068\\u0066\\u005F\\u0061\\u002f\\u0062\\u005c\\u0063\\u0022\\u0064\\u00E9\\u0031\\u0032",
            "\\\\u0068f_a\\\\\\/b\\\\\\\\c\\\\\\\"dé12",
            "\\u005cu0068f_a/b\\u005c\\u005cc\\u0022dé\\\\\\\\u00312",
            "\\u005c\\u0075\\u0030\\u0030\\u0036\\u0038f_a/bc\"dé12",
        ] {
            let text = ["{\"error\":\"the \\nkey ", spelled, "\\n\"}"].concat();
            let clean = redact(&text, &secrets);
            assert_eq!(
                clean, "{\"error\":\"the \\nkey [redacted]\\n\"}",
                "{spelled}"
            );
        }
    }

    #[test]
    fn what_spells_no_secret_stays_as_it_is() {
        let secrets = ["hf_secret_of_mine".to_string()];
        for text in [
            "\\",
            "\\u",
            "\\u00",
            "\\u0068",
            "\\\\\\",
            "hf_\\n",
            "é\\u00e9 \\ud83d\\ude00",
            "hf_secret",
        ] {
            assert_eq!(redact(text, &secrets), text);
        }
    }
}
