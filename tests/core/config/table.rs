//! Objects held against a table that whoever asks brings along.

use hfetch::config::check;
use hfetch::json;

const TABLE: &str = "name text\nnames texts\nany any\nflag flag\ncall function\nmode pass|refuse\ncount count\nlimit limit\nwait wait\n\
    lasts duration\nusd usd\nlimits limits\nbudget budget\ntimeout timeout\nembeddings embeddings";

fn checked(given: &str, path: &str) -> Result<(), (Option<String>, String)> {
    let given = json::parse(given.as_bytes()).expect(given);
    check(&given, path, TABLE).map_err(|error| (error.path.clone(), error.message.clone()))
}

#[test]
fn what_is_as_the_table_says_passes() {
    let given = r#"{"name":"a","names":["b"],"any":{"x":[]},"flag":false,"mode":"pass","count":1,"limit":0,"wait":0,
        "lasts":1e12,"usd":0.5,"limits":{"requestsPerMinute":1,"onLimit":"wait"},"budget":{"usd":1,"per":"day"},
        "timeout":{"headers":5},"embeddings":{"batchSize":8}}"#;
    assert_eq!(checked(given, ""), Ok(()));
    assert_eq!(checked("{}", ""), Ok(()));
}

#[test]
fn what_is_not_is_refused_by_its_path_in_the_words_of_all_options() {
    for (given, path, words) in [
        (r#"{"name":""}"#, "name", "must not be empty"),
        (r#"{"name":1}"#, "name", "must be a string, not a number"),
        (r#"{"name":null}"#, "name", "must be a string, not null"),
        (r#"{"names":"a"}"#, "names", "must be a list, not a string"),
        (r#"{"names":["a",1]}"#, "names[1]", "must be a string"),
        (
            r#"{"flag":1}"#,
            "flag",
            "must be true or false, not a number",
        ),
        (
            r#"{"call":"f"}"#,
            "call",
            "must be a function, not a string",
        ),
        (
            r#"{"mode":"drop"}"#,
            "mode",
            r#"must be "pass" or "refuse""#,
        ),
        (
            r#"{"count":0}"#,
            "count",
            "must be a whole number of at least 1",
        ),
        (r#"{"limit":-1}"#, "limit", "(0: no limit)"),
        (r#"{"wait":2147483648}"#, "wait", "milliseconds from 0"),
        (r#"{"lasts":0}"#, "lasts", "milliseconds above 0"),
        (r#"{"usd":1e10}"#, "usd", "US dollars"),
        (
            r#"{"limits":{"requestPerMinute":1}}"#,
            "limits.requestPerMinute",
            "did you mean requestsPerMinute?",
        ),
        (
            r#"{"budget":{"usd":1,"per":"year"}}"#,
            "budget.per",
            r#"must be "hour", "day", "month" or "total""#,
        ),
        (r#"{"budget":{"per":"day"}}"#, "budget.usd", "is missing"),
        (r#"{"timeout":5}"#, "timeout", "must be an object"),
        (r#"{"timeout":{"idle":0}}"#, "timeout.idle", "above 0"),
        (
            r#"{"embeddings":{"batchSize":1.5}}"#,
            "embeddings.batchSize",
            "whole number",
        ),
        (r#"{"counts":1}"#, "counts", "did you mean count?"),
        (
            r#"{"nothing of it":1}"#,
            "nothing of it",
            "there are name, names",
        ),
        ("[]", "options", "must be an object, not a list"),
    ] {
        let (told, message) = checked(given, "").expect_err(given);
        assert_eq!(told.as_deref(), Some(path), "{message}");
        assert!(message.contains(words), "{message} says {words:?}");
        // Below another object the path leads there.
        if path != "options" {
            let (told, _) = checked(given, "caps").expect_err(given);
            assert_eq!(told, Some(format!("caps.{path}")));
        }
    }
}
