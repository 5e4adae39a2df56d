//! Which requests of other libraries get a key, and which are calls: by their URL, as a platform's parser spells it.

use hfetch::call::passage::Passage;
use hfetch::config::{Config, KeySource};
use hfetch::json;
use hfetch::policy::ledger::Kind;

const CHAT: Passage = Passage::Call(Kind::Chat);
const EMBEDDINGS: Passage = Passage::Call(Kind::Embeddings);

fn of(base: &str, method: &str, url: &str) -> Passage {
    let options = [r#"{"apiKey":"hf_example","baseURL":""#, base, r#""}"#].concat();
    let options = json::parse(options.as_bytes()).unwrap();
    let config = Config::from_options(&options, &KeySource::None).unwrap();
    Passage::of(&config.base_url, method, url)
}

#[test]
fn what_creates_something_is_a_call() {
    let router = |method, way: &str| {
        let url = ["https://router.huggingface.co/v1", way].concat();
        of("https://router.huggingface.co/v1", method, &url)
    };
    let rows = [
        ("POST", "/chat/completions", CHAT),
        ("POST", "/chat/completions?api-version=1", CHAT),
        ("POST", "/chat/completions/", CHAT),
        ("POST", "/chat%2Fcompletions", CHAT),
        ("POST", "/deeper/chat/completions", CHAT),
        ("POST", "/chat//completions", CHAT),
        ("POST", "//chat/completions//", CHAT),
        ("POST", "/Chat/COMPLETIONS", CHAT),
        ("POST", "/chat;a=b/completions;c", CHAT),
        ("POST", "/chat/completions%20", CHAT),
        ("POST", "/chat\\completions", CHAT),
        ("POST", "/Embeddings/", EMBEDDINGS),
        ("POST", "/embeddings", EMBEDDINGS),
        ("GET", "/chat/completions", Passage::Keyed),
        ("DELETE", "/chat/completions", Passage::Keyed),
        ("POST", "/chat/completions/x", Passage::Keyed),
        ("POST", "/completions", Passage::Call(Kind::Completion)),
        (
            "POST",
            "/deeper/completions/",
            Passage::Call(Kind::Completion),
        ),
        ("GET", "/completions", Passage::Keyed),
        ("POST", "/xembeddings", Passage::Keyed),
        ("POST", "?a=/embeddings", Passage::Keyed),
        ("POST", "/x?a=/embeddings", Passage::Keyed),
        ("GET", "/models", Passage::Keyed),
        ("GET", "/models/org%2Fname", Passage::Keyed),
        ("GET", "/models/org/name.v1..2", Passage::Keyed),
        ("GET", "", Passage::Keyed),
        ("GET", "/", Passage::Keyed),
        ("GET", "?q=../..", Passage::Keyed),
    ];
    for (method, way, expected) in rows {
        assert_eq!(router(method, way), expected, "{method} {way}");
    }
}

#[test]
fn no_key_goes_to_an_address_that_is_not_below_the_base_url() {
    let base = "https://host.example/team/v1";
    let rows = [
        "https://host.example/team/v1x/chat/completions",
        "https://host.example/team/v2/chat/completions",
        "https://host.example/team/",
        "https://host.example/Team/v1/models",
        "https://host.example/team%2Fv1/models",
        "https://host.example./team/v1/models",
        "https://host.example:8443/team/v1/models",
        "https://host.example.evil.example/team/v1/models",
        "https://host.example@evil.example/team/v1/models",
        "https://user@host.example/team/v1/models",
        "https://user:word@host.example/team/v1/models",
        "https://sub.host.example/team/v1/models",
        "http://host.example/team/v1/models",
        "ftp://host.example/team/v1/models",
        "blob:https://host.example/team/v1/models",
        "https://host.example/team/v1/../v2/models",
        "https://host.example/team/v1/./models",
        "https://host.example/team/v1/..",
        "https://host.example/team/v1/%2e%2e/v2",
        "https://host.example/team/v1/%2E./v2",
        "https://host.example/team/v1/..%2fv2",
        "https://host.example/team/v1/..%5cv2",
        "https://host.example/team/v1/a%2f..%2f..%2fv2",
        "https://host.example/team/v1/..\\v2",
        "https://host.example/team/v1/%252e%252e/v2",
        "https://host.example/team/v1/%25252e%25252e%25252fv2",
        "https://host.example/team/v1/..;/v2",
        "https://host.example/team/v1/..;a=b/v2",
        "https://host.example/team/v1/%20../v2",
        "https://host.example/team/v1/..%20/v2",
        "https://host.example/team/v1/..%00/v2",
        "https://host.example/team/v1/a%0d%0ab",
        "https://host.example/team/v1/a%09b",
        "https://host.example/team/v1/a\tb",
        "//host.example/team/v1/models",
        "/team/v1/models",
        "",
    ];
    for url in rows {
        assert_eq!(of(base, "GET", url), Passage::Foreign, "{url}");
    }
}

#[test]
fn what_is_made_like_a_call_and_goes_elsewhere_is_told_from_other_foreign_requests() {
    let base = "https://host.example/team/v1";
    let rows = [
        (
            "POST",
            "https://other.example/v1/chat/completions?key=x",
            Passage::Astray,
        ),
        (
            "POST",
            "https://host.example/v1/embeddings/",
            Passage::Astray,
        ),
        (
            "POST",
            "https://host.example/team/v1/../completions",
            Passage::Astray,
        ),
        (
            "GET",
            "https://other.example/v1/chat/completions",
            Passage::Foreign,
        ),
        (
            "POST",
            "https://other.example/v1/responses",
            Passage::Foreign,
        ),
        (
            "POST",
            "https://other.example/?a=/chat/completions",
            Passage::Foreign,
        ),
        ("POST", "https://other.example", Passage::Foreign),
    ];
    for (method, url, expected) in rows {
        assert_eq!(of(base, method, url), expected, "{method} {url}");
    }
}

#[test]
fn a_base_url_is_known_as_a_platform_spells_it() {
    let rows = [
        (
            "https://Host.Example:443/v1",
            "https://host.example/v1/models",
        ),
        ("http://host.example:80", "http://host.example/v1/models"),
        (
            "http://127.0.0.1:8080/v1/",
            "http://127.0.0.1:8080/v1/models",
        ),
        ("http://[::1]:8080", "http://[::1]:8080/v1/models"),
        ("http://[::1]:80", "http://[::1]/v1/models"),
        (
            "https://host.example/v1/chat/completions",
            "https://host.example/v1/models",
        ),
    ];
    for (base, url) in rows {
        assert_eq!(of(base, "GET", url), Passage::Keyed, "{base} {url}");
    }
    assert_eq!(
        of(
            "https://host.example:80",
            "GET",
            "https://host.example/v1/models"
        ),
        Passage::Foreign
    );
    assert_eq!(
        of(
            "https://host.example:8443",
            "GET",
            "https://host.example/v1/models"
        ),
        Passage::Foreign
    );
}
