//! Candidates whose server has asked for a pause, or that have failed in any way: the others are asked before them.

use hfetch::call::settlement::End;
use hfetch::call::{Call, Event, head::Head, head::names};
use hfetch::policy::ledger::Outcome;
use hfetch::unit::WallTime;

use super::offers::CATALOGUE;
use super::world::{Client, Say};

const TWO: &str = r#"{"route":{"models":["org/b"]}}"#;
const BODY: &str = r#"{"messages":[{"role":"user","content":"Hello"}],"stream":true}"#;

/// A client that was told, by a call without a route, to pause for org/a for so many seconds.
fn paused(options: &str, seconds: u32) -> Client {
    let mut client = Client::new(options);
    let came = client.chat(r#"{"retry":false}"#, &mut |_| Say::Later(seconds));
    assert_eq!(came.story(), "org/a");
    client
}

#[test]
fn a_pause_that_is_remembered_passes_on_to_the_next_at_once() {
    for waiting in ["", r#","limits":{"onLimit":"error"}"#] {
        for seconds in [3, 600] {
            let mut client = paused(waiting, seconds);
            let came = client.chat(TWO, &mut |_| Say::Ok);
            assert_eq!((came.story().as_str(), came.pauses), ("org/b", 0.0));
            assert!(came.tried().is_empty());
        }
    }
}

#[test]
fn a_short_pause_is_over_before_all_have_failed_for_good() {
    let mut client = paused("", 3);
    let mut asked = 0;
    let came = client.chat(TWO, &mut |_| {
        asked += 1;
        if asked == 1 { Say::NotFound } else { Say::Ok }
    });
    assert_eq!(came.story(), "org/b ~ org/a");
    assert!((2_900.0..3_100.0).contains(&came.pauses), "{}", came.pauses);
}

#[test]
fn a_long_pause_is_told_where_nobody_else_answers() {
    let mut client = paused("", 600);
    let came = client.chat(TWO, &mut |_| Say::Status(501));
    assert_eq!(came.story(), "org/b");
    assert_eq!(came.failure.unwrap().error.status, Some(501));
    let mut client = paused("", 600);
    let own = r#"{"route":{"models":["org/b"]},"retry":false}"#;
    client.chat(own, &mut |_| Say::Later(600));
    let came = client.chat(TWO, &mut |_| Say::Ok);
    assert_eq!(came.story(), "");
    let error = came.failure.unwrap().error;
    assert_eq!(
        (error.class.name(), error.status),
        ("RateLimitError", Some(429))
    );
}

#[test]
fn who_failed_at_the_last_try_rests_as_well() {
    let mut client = Client::new("");
    let own = r#"{"route":{"models":["org/b"],"sticky":"s"},"retry":false}"#;
    assert_eq!(client.chat(own, &mut |_| Say::Status(500)).story(), "org/a");
    assert_eq!(client.chat(own, &mut |_| Say::Status(500)).story(), "org/b");
    // A conversation forgets the provider that failed, also if no further attempt was left.
    let mut client = Client::new("");
    client.chat(own, &mut |_| Say::OkFrom("groq"));
    assert_eq!(
        client.chat(own, &mut |_| Say::Status(500)).story(),
        "org/a:groq"
    );
    client.now += 31_000.0;
    assert_eq!(client.chat(own, &mut |_| Say::Ok).story(), "org/a");
}

#[test]
fn an_answer_that_broke_off_is_a_failure_too() {
    for (outcome, next) in [
        (Outcome::Truncated, "org/b"),
        (Outcome::Error, "org/b"),
        (Outcome::Aborted, "org/a:groq"),
        (Outcome::Ok, "org/a:groq"),
    ] {
        let mut client = Client::new("");
        let own = r#"{"route":{"models":["org/b"],"sticky":"s"}}"#;
        let call = Call::chat(
            &client.shared,
            BODY,
            client.given(own),
            WallTime(client.now),
        )
        .unwrap();
        call.handle(0, Event::Begin, WallTime(client.now), 0.5);
        let headers: Vec<_> = names()
            .iter()
            .map(|name| match *name == "x-inference-provider" {
                true => "groq",
                false => "",
            })
            .collect();
        let head = Head::new(200, &headers.join("\n"));
        call.handle(0, Event::Head(head), WallTime(client.now), 0.5);
        let end = End {
            outcome,
            finish_reason: None,
            first_token_at: None,
        };
        call.close(&end, WallTime(client.now)).unwrap();
        assert_eq!(
            client.chat(own, &mut |_| Say::Ok).story(),
            next,
            "{outcome:?}"
        );
    }
}

#[test]
fn an_offer_of_a_model_that_is_named_twice_is_asked_once_a_round() {
    let mut client = Client::new("").knowing(CATALOGUE);
    let own = r#"{"route":{"models":["org/a:cheap","org/a:fastest","org/a"],"only":["cheap","dear"],"sort":"cost"},"retry":{"maxAttempts":3}}"#;
    let came = client.chat(own, &mut |_| Say::Status(500));
    assert_eq!(came.story(), "org/a:cheap org/a:dear ~ org/a:cheap");
}
