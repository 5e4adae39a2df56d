//! The option `route`: which values are refused, with which path.

use super::world::options;

fn path(route: &str, more: &str) -> Option<String> {
    let text = format!(r#","apiKey":"hf_a","route":{route}{more}"#);
    options(&text)
        .err()
        .map(|error| error.path.clone().unwrap())
}

#[test]
fn what_makes_no_sense_is_refused_by_its_path() {
    for (route, wanted) in [
        ("3", "route"),
        ("[]", "route"),
        (r#"{"model":["org/b"]}"#, "route.model"),
        (r#"{"models":"org/b"}"#, "route.models"),
        (r#"{"models":[3]}"#, "route.models[0]"),
        (r#"{"models":["org/b","a b"]}"#, "route.models[1]"),
        (r#"{"order":[""]}"#, "route.order[0]"),
        (r#"{"only":[]}"#, "route.only"),
        (r#"{"ignore":{}}"#, "route.ignore"),
        (r#"{"sort":"price"}"#, "route.sort"),
        (r#"{"has":["tools","audio"]}"#, "route.has[1]"),
        (r#"{"maxPrice":1}"#, "route.maxPrice"),
        (r#"{"maxPrice":{"input":1}}"#, "route.maxPrice.input"),
        (
            r#"{"maxPrice":{"inputPerMillion":-1}}"#,
            "route.maxPrice.inputPerMillion",
        ),
        (r#"{"maxFirstTokenMs":"1"}"#, "route.maxFirstTokenMs"),
        (r#"{"minThroughput":-1}"#, "route.minThroughput"),
        (r#"{"minContext":1.5}"#, "route.minContext"),
        (r#"{"sticky":""}"#, "route.sticky"),
    ] {
        assert_eq!(path(route, "").as_deref(), Some(wanted), "{route}");
    }
}

#[test]
fn another_server_knows_models_and_sticky() {
    let elsewhere = r#","baseURL":"http://localhost:8080/v1""#;
    assert_eq!(path(r#"{"models":["b"],"sticky":"s"}"#, elsewhere), None);
    for field in [
        r#""order":["x"]"#,
        r#""only":["x"]"#,
        r#""ignore":["x"]"#,
        r#""sort":"cost""#,
        r#""has":["tools"]"#,
        r#""maxPrice":{}"#,
        r#""maxFirstTokenMs":1"#,
        r#""minThroughput":1"#,
        r#""minContext":1"#,
    ] {
        let route = format!("{{{field}}}");
        assert_eq!(path(&route, ""), None, "{field}");
        let name = field.split('"').nth(1).unwrap();
        let wanted = Some(format!("route.{name}"));
        assert_eq!(path(&route, elsewhere), wanted, "{field}");
    }
}
