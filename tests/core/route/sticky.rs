//! Conversations return to the provider that answered them last.

use super::offers::CATALOGUE;
use super::world::{Client, Say};

const S: &str = r#"{"route":{"sticky":"s"}}"#;

#[test]
fn the_second_call_goes_to_the_provider_of_the_first() {
    let mut client = Client::new("");
    assert_eq!(
        client.chat(S, &mut |_| Say::OkFrom("groq")).story(),
        "org/a"
    );
    let second = client.chat(S, &mut |_| Say::Ok);
    assert_eq!(second.story(), "org/a:groq");
    assert_eq!(second.settlement.provider.as_deref(), Some("groq"));
    let other = client.chat(r#"{"route":{"sticky":"t"}}"#, &mut |_| Say::Ok);
    assert_eq!(other.story(), "org/a");
}

#[test]
fn it_is_forgotten_when_the_provider_fails_and_whoever_answers_is_next() {
    let mut client = Client::new("");
    client.chat(S, &mut |_| Say::OkFrom("groq"));
    let came = client.chat(S, &mut |model| match model {
        "org/a:groq" => Say::Status(500),
        _ => Say::OkFrom("novita"),
    });
    assert_eq!(came.story(), "org/a:groq org/a");
    assert_eq!(client.chat(S, &mut |_| Say::Ok).story(), "org/a:novita");
}

#[test]
fn it_is_forgotten_after_an_hour() {
    let mut client = Client::new("");
    client.chat(S, &mut |_| Say::OkFrom("groq"));
    client.now += 3_590_000.0;
    assert_eq!(client.chat(S, &mut |_| Say::Ok).story(), "org/a:groq");
    client.now += 3_610_000.0;
    assert_eq!(client.chat(S, &mut |_| Say::Ok).story(), "org/a");
}

#[test]
fn it_goes_back_only_while_the_provider_is_live_and_fits() {
    let by_cost = r#"{"route":{"sort":"cost","sticky":"s"}}"#;
    let mut client = Client::new("").knowing(CATALOGUE);
    client.chat(by_cost, &mut |model| match model {
        "org/a:cheap" => Say::Status(500),
        _ => Say::Ok,
    });
    client.now += 60_000.0;
    assert_eq!(
        client.chat(by_cost, &mut |_| Say::Ok).story(),
        "org/a:middle"
    );
    let narrow = r#"{"route":{"sort":"cost","ignore":["middle"],"sticky":"s"}}"#;
    assert_eq!(client.chat(narrow, &mut |_| Say::Ok).story(), "org/a:cheap");
    client.chat(S, &mut |_| Say::Ok);
    client.learn(&CATALOGUE.replace(
        "\"cheap\",\"status\":\"live\"",
        "\"cheap\",\"status\":\"error\"",
    ));
    assert_eq!(client.chat(S, &mut |_| Say::Ok).story(), "org/a");
}

#[test]
fn on_another_server_the_model_that_answered_is_first() {
    let other = r#","baseURL":"http://localhost:1/v1","route":{"models":["org/b"],"sticky":"s"}"#;
    let mut client = Client::new(other);
    client.chat("{}", &mut |model| match model {
        "org/a" => Say::Status(500),
        _ => Say::Ok,
    });
    client.now += 60_000.0;
    assert_eq!(client.chat("{}", &mut |_| Say::Ok).story(), "org/b");
}

#[test]
fn a_thousand_conversations_are_remembered() {
    let mut client = Client::new("");
    let own = |number: usize| format!(r#"{{"route":{{"sticky":"s{number}"}}}}"#);
    for number in 0..1_001 {
        client.chat(&own(number), &mut |_| Say::OkFrom("groq"));
    }
    assert_eq!(client.chat(&own(0), &mut |_| Say::Ok).story(), "org/a");
    assert_eq!(
        client.chat(&own(1_000), &mut |_| Say::Ok).story(),
        "org/a:groq"
    );
}
