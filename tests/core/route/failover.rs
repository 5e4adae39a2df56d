//! Which candidate is asked next when one fails.

use std::rc::Rc;

use super::world::{Client, START, Say};
use hfetch::call::Call;
use hfetch::error::{Class, Error};
use hfetch::policy::ledger::Tried;
use hfetch::unit::{Millis, WallTime};
use hfetch::wire::model;

const TWO: &str = r#","route":{"models":["org/b"]}"#;
const THREE: &str = r#","route":{"models":["org/b","org/c:groq"]}"#;

/// The story of a call in which only the first candidate fails, in this way.
fn first_fails(options: &str, say: Say) -> String {
    let mut client = Client::new(options);
    let came = client.chat("{}", &mut |model| {
        if model == "org/a" { say } else { Say::Ok }
    });
    came.story()
}

#[test]
fn the_next_is_asked_at_once_for_what_another_may_do_better() {
    let table = [402, 408, 425, 429, 500, 501, 502, 503, 504, 520, 529].map(Say::Status);
    let others = [Say::Lost, Say::Silence, Say::Later(7), Say::NotFound];
    for say in table.into_iter().chain(others) {
        assert_eq!(first_fails(TWO, say), "org/a org/b", "{say:?}");
    }
}

#[test]
fn it_is_not_asked_for_what_is_the_requests_own_fault() {
    for status in [400, 401, 403, 404, 410, 413, 422] {
        assert_eq!(first_fails(TWO, Say::Status(status)), "org/a", "{status}");
    }
    // A conflict goes away after a while, and another candidate wouldn't help.
    let mut asked = 0;
    let came = Client::new(TWO).chat("{}", &mut |_| {
        asked += 1;
        if asked == 1 {
            Say::Status(409)
        } else {
            Say::Ok
        }
    });
    assert_eq!(came.story(), "org/a ~ org/a");
}

#[test]
fn the_settlement_tells_who_failed_and_who_answered() {
    let mut client = Client::new(THREE);
    let came = client.chat("{}", &mut |model| match model {
        "org/a" => Say::Status(500),
        "org/b" => Say::Lost,
        _ => Say::Ok,
    });
    let settlement = &came.settlement;
    assert_eq!(
        came.tried(),
        [("org/a".into(), Some(500)), ("org/b".into(), None)]
    );
    assert_eq!(settlement.tried[0].error, "InternalServerError");
    assert_eq!(settlement.tried[1].error, "APIConnectionError");
    assert_eq!(settlement.tried[0].duration_ms, Millis(10.0));
    assert_eq!(settlement.model, "org/c:groq");
    assert_eq!(settlement.provider.as_deref(), Some("groq"));
    assert_eq!((settlement.attempts, came.pauses), (3, 0.0));
}

#[test]
fn pauses_begin_once_all_have_failed_and_tries_are_bounded() {
    let mut client = Client::new(THREE);
    let came = client.chat("{}", &mut |_| Say::Status(500));
    assert_eq!(came.story(), "org/a org/b org/c:groq ~ org/a org/b");
    let failure = came.failure.as_ref().unwrap();
    assert_eq!(failure.error.class.name(), "InternalServerError");
    assert_eq!((failure.tried.len(), came.settlement.attempts), (5, 5));
    assert_eq!(failure.tried, came.settlement.tried);
    let many: Vec<String> = (0..20)
        .map(|number| format!(r#""org/m{number}""#))
        .collect();
    let route = format!(r#","route":{{"models":[{}]}}"#, many.join(","));
    let came = Client::new(&route).chat("{}", &mut |_| Say::Status(500));
    assert_eq!(came.settlement.attempts, 8);
    let one = format!(r#"{TWO},"retry":{{"maxAttempts":1}}"#);
    let came = Client::new(&one).chat("{}", &mut |_| Say::Status(500));
    assert_eq!(came.story(), "org/a");
}

#[test]
fn who_can_never_answer_is_not_asked_again() {
    let mut client = Client::new(TWO);
    let came = client.chat("{}", &mut |model| match model {
        "org/a" => Say::NotFound,
        _ => Say::Status(503),
    });
    assert_eq!(came.story(), "org/a org/b ~ org/b ~ org/b");
    let came = Client::new(TWO).chat("{}", &mut |_| Say::Silence);
    assert_eq!(came.story(), "org/a org/b");
    assert_eq!(
        came.failure.unwrap().error.class.name(),
        "APIConnectionTimeoutError"
    );
}

#[test]
fn who_failed_is_asked_last_for_a_while() {
    for (say, rest) in [
        (Say::Status(500), 30_000.0),
        (Say::Status(429), 30_000.0),
        (Say::Later(90), 90_000.0),
    ] {
        let mut client = Client::new(TWO);
        client.chat("{}", &mut |model| {
            if model == "org/a" { say } else { Say::Ok }
        });
        let failed_at = client.now;
        client.now = failed_at + rest - 100.0;
        assert_eq!(
            client.chat("{}", &mut |_| Say::Ok).story(),
            "org/b",
            "{say:?}"
        );
        client.now = failed_at + rest + 100.0;
        assert_eq!(
            client.chat("{}", &mut |_| Say::Ok).story(),
            "org/a",
            "{say:?}"
        );
    }
}

#[test]
fn keys_turn_within_a_candidate() {
    let options = format!(r#","apiKeys":["hf_a","hf_b"]{TWO}"#);
    for (status, story) in [
        (401, "org/a org/a"),
        (402, "org/a org/a org/b"),
        (403, "org/a org/a"),
        (429, "org/a org/b"),
    ] {
        let mut client = Client::new(&options);
        let came = client.chat("{}", &mut |model| {
            if model == "org/a" {
                Say::Status(status)
            } else {
                Say::Ok
            }
        });
        assert_eq!(came.story(), story, "{status}");
    }
}

#[test]
fn a_calls_own_route_replaces_the_clients() {
    let mut client = Client::new(TWO);
    let own = r#"{"route":{"models":["org/z"]}}"#;
    let came = client.chat(own, &mut |model| match model {
        "org/z" => Say::Ok,
        _ => Say::Status(500),
    });
    assert_eq!(came.story(), "org/a org/z");
    let mut client = Client::new(TWO);
    let came = client.chat(r#"{"route":{}}"#, &mut |_| Say::Status(501));
    assert_eq!(came.story(), "org/a");
}

#[test]
fn a_provider_is_told_though_the_catalogue_came_after_it_had_failed() {
    let options = r#","baseURL":"http://host.example/v1","pricing":"live","route":{"models":["org/a:cerebras","org/a:14b"]}"#;
    let mut client = Client::new(options);
    let shared = client.shared.clone();
    let catalogue = br#"{"data":[{"id":"org/a","providers":[{"provider":"novita","status":"live"},{"provider":"cerebras","status":"live"}]}]}"#;
    let came = client.chat(
        r#"{"route":{"models":["org/a:cerebras","org/a:14b","org/b"]}}"#,
        &mut |model| {
            if model != "org/b" {
                return Say::Status(503);
            }
            shared.keep_prices(
                Some(Rc::new(model::parse(catalogue).unwrap())),
                WallTime(START).into(),
            );
            Say::Ok
        },
    );
    let providers: Vec<_> = came
        .settlement
        .tried
        .iter()
        .map(|one| (one.model.as_str(), one.provider.as_deref()))
        .collect();
    assert_eq!(
        providers,
        [
            ("org/a", None),
            ("org/a:cerebras", Some("cerebras")),
            ("org/a:14b", None)
        ]
    );
}

#[test]
fn an_error_tells_the_provider_of_a_candidate_that_failed_before_the_catalogue_came() {
    let options = r#","baseURL":"http://host.example/v1","retry":{"maxAttempts":3},"route":{"models":["org/a:cerebras","org/b"]}"#;
    let mut client = Client::new(options);
    let shared = client.shared.clone();
    let catalogue =
        br#"{"data":[{"id":"org/a","providers":[{"provider":"cerebras","status":"live"}]}]}"#;
    let came = client.chat("{}", &mut |model| {
        if model == "org/b" {
            shared.keep_prices(
                Some(Rc::new(model::parse(catalogue).unwrap())),
                WallTime(START).into(),
            );
        }
        Say::Status(503)
    });
    let failure = came.failure.unwrap();
    let told = |one: &Tried| (one.model.clone(), one.provider.clone());
    let told: Vec<_> = failure.tried.iter().map(told).collect();
    assert_eq!(
        told,
        [
            ("org/a".to_string(), None),
            ("org/a:cerebras".to_string(), Some("cerebras".to_string())),
            ("org/b".to_string(), None)
        ]
    );
    assert_eq!(failure.tried, came.settlement.tried);
}

#[test]
fn an_answer_that_breaks_off_tells_who_failed_before_it_began() {
    let mut client = Client::new(TWO);
    let body = r#"{"messages":[{"role":"user","content":"Hello"}],"stream":true}"#;
    let call = Call::chat(&client.shared, body, client.given("{}"), WallTime(START)).unwrap();
    let came = client.run(&call, &mut |model| match model {
        "org/a" => Say::Status(503),
        _ => Say::Ok,
    });
    assert_eq!(came.story(), "org/a org/b");
    for failure in [
        call.stream_lost(None, ""),
        call.misread(Error::new(Class::Api, "no"), b"x"),
    ] {
        assert_eq!(failure.tried, came.settlement.tried);
        assert_eq!(failure.tried.len(), 1);
    }
}
