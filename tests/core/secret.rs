//! However JSON spells a secret, it is found.

use hfetch::error::{REDACTED, redact};
use hfetch::json::{self, Value};
use proptest::prelude::*;

use crate::processor::processor_time;

/// A text as a JSON string, with some letters as escapes.
fn spelled(text: &str, mut escapes: impl Iterator<Item = u8>) -> String {
    let mut json = String::new();
    for c in text.chars() {
        let escape = escapes.next().unwrap_or_default();
        match c {
            _ if escape % 3 == 1 => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ if escape % 3 == 2 => json.push_str(&format!("\\u{:04X}", u32::from(c))),
            '"' | '\\' => json.extend(['\\', c]),
            '/' if escape % 2 == 1 => json.push_str("\\/"),
            _ => json.push(c),
        }
    }
    json
}

proptest! {
    #[test]
    fn no_spelling_hides_a_secret(
        secret in "[a-z_/\"]{8,30}",
        around in "[a-z \"/é]{0,12}",
        depth in 0usize..4,
        escapes in prop::collection::vec(any::<u8>(), 1..50),
        part in 0usize..40,
    ) {
        let least = 12.max(secret.len() / 2).min(secret.len());
        let quoted = &secret[..secret.len().min(part.max(least))];
        let mut text = [around.as_str(), quoted, ".", &around].concat();
        for _ in 0..depth {
            text = spelled(&text, escapes.iter().copied().cycle());
        }
        let mut clean = redact(&text, std::slice::from_ref(&secret));
        for _ in 0..depth {
            // The rest is still valid JSON.
            let json = ["\"", &clean, "\""].concat();
            let Ok(Value::String(read)) = json::parse(json.as_bytes()) else {
                return Err(TestCaseError::fail(json));
            };
            clean = read;
        }
        prop_assert!(!clean.contains(&secret[..least]) && clean.contains(REDACTED), "{}", clean);
    }

    #[test]
    fn any_text_takes_a_time_that_grows_as_it_does(text in "[\\\\u0a]{0,60}", secret in "[\\\\ua]{8,12}") {
        let long = text.repeat(200);
        let began = processor_time();
        redact(&long, &[secret]);
        prop_assert!((processor_time() - began).as_secs() < 2);
    }
}
