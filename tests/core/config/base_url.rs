//! Every spelling of a base URL.

use hfetch::error::Error;
use proptest::prelude::*;

use super::{options, with};

fn base_url(given: &str) -> Result<String, Error> {
    let text = serde_json::json!({"apiKey": "hf_key", "baseURL": given}).to_string();
    options(&text).map(|config| config.base_url.url)
}

#[test]
fn base_urls_have_one_spelling() {
    for (given, expected) in [
        (
            "https://router.huggingface.co/v1",
            "https://router.huggingface.co/v1",
        ),
        (
            "https://router.huggingface.co/v1///",
            "https://router.huggingface.co/v1",
        ),
        (
            "https://router.huggingface.co",
            "https://router.huggingface.co/v1",
        ),
        (
            "HTTPS://Router.HuggingFace.co/",
            "https://router.huggingface.co/v1",
        ),
        (
            "https://router.huggingface.co/v1/chat/completions",
            "https://router.huggingface.co/v1",
        ),
        (
            "https://router.huggingface.co/v1/chat/completions/",
            "https://router.huggingface.co/v1",
        ),
        ("http://localhost:8080", "http://localhost:8080/v1"),
        ("http://127.0.0.1:3000/", "http://127.0.0.1:3000/v1"),
        ("http://[::1]:3000", "http://[::1]:3000/v1"),
        ("http://[::1]", "http://[::1]/v1"),
        (
            "https://x.us-east-1.aws.endpoints.huggingface.cloud",
            "https://x.us-east-1.aws.endpoints.huggingface.cloud/v1",
        ),
        ("https://host/Some/Path/", "https://host/Some/Path"),
        ("https://host/chat/completions", "https://host"),
        (
            "https://api-inference.huggingface.co/v1",
            "https://router.huggingface.co/v1",
        ),
        (
            "https://api-inference.huggingface.co",
            "https://router.huggingface.co/v1",
        ),
        (
            "https://API-inference.huggingface.co/models/org/name",
            "https://router.huggingface.co/v1",
        ),
    ] {
        assert_eq!(base_url(given).unwrap(), expected, "{given}");
        // Normalising a normalised URL changes nothing.
        assert_eq!(
            base_url(expected).unwrap(),
            if expected == "https://host" {
                "https://host/v1"
            } else {
                expected
            }
        );
    }
}

#[test]
fn hugging_face_is_known_by_its_domain() {
    for (given, own) in [
        ("https://router.huggingface.co/v1", true),
        ("https://router.huggingface.co/together/v1", true),
        ("https://api-inference.huggingface.co/v1", true),
        ("https://HuggingFace.co:443/v1", true),
        ("https://nothuggingface.co/v1", false),
        ("https://huggingface.co.example.com/v1", false),
        ("https://x.endpoints.huggingface.cloud", false),
        ("http://127.0.0.1/huggingface.co", false),
    ] {
        let text = serde_json::json!({"apiKey": "hf_key", "baseURL": given}).to_string();
        assert_eq!(
            options(&text).unwrap().base_url.is_hugging_face,
            own,
            "{given}"
        );
    }
}

#[test]
fn what_is_no_base_url_is_refused() {
    for (given, words) in [
        ("", "empty"),
        ("router.huggingface.co/v1", "https://"),
        ("/v1", "is relative, and there is no page"),
        ("./v1", "is relative"),
        ("../v1", "is relative"),
        ("//host/v1", "is relative"),
        ("v1", "https://"),
        ("v1", "in a page a path that starts with / or ./"),
        ("ftp://host/v1", "https://"),
        ("javascript://host", "https://"),
        ("file:///etc/passwd", "https://"),
        ("https://", "host"),
        ("https:///v1", "host"),
        ("https://:8080", "host"),
        ("https://host:99999", "port"),
        ("https://host:0", "port"),
        ("https://host:", "port"),
        ("https://host:port", "port"),
        ("https://host:-1", "port"),
        ("https://[::1", "host"),
        ("https://[::1]x", "port"),
        ("https://a:b:c", "host"),
        ("https://user:secret@host/v1", "credentials"),
        ("https://host/v1?key=secret", "query"),
        ("https://host/v1#top", "fragment"),
        ("https://host /v1", "white space"),
        ("https://host/v1\n", "white space"),
        ("https://host\\v1", "backslashes"),
    ] {
        let error = base_url(given).expect_err(given);
        assert_eq!(error.path.as_deref(), Some("baseURL"));
        assert!(error.message.contains(words), "{error} says {words:?}");
        assert!(!error.message.contains("secret"), "{error}");
    }
}

#[test]
fn the_retired_host_is_named_in_one_warning() {
    let config = with(r#""baseURL": "https://api-inference.huggingface.co/v1""#).unwrap();
    assert_eq!(config.warnings.len(), 1);
    assert!(config.warnings[0].contains("router.huggingface.co"));
    assert!(config.base_url.is_router);
}

proptest! {
    #[test]
    fn any_base_url_is_refused_or_settles(text in "(https?://)?[a-zA-Z0-9.:@/?#%\\[\\] -]{0,40}") {
        if let Ok(url) = base_url(&text) {
            prop_assert!(url.starts_with("http") && !url.ends_with('/') && !url.contains(['?', '#', '@', ' ']));
        }
    }
}
