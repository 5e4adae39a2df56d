//! Embeddings can use further models too, and the vectors of one call always come from one model.

use hfetch::call::Call;
use hfetch::unit::WallTime;

use super::world::{Client, Say};

const ROUTER: &str = "https://router.huggingface.co";

fn embed(
    client: &mut Client,
    inputs: usize,
    say: &mut dyn FnMut(&str) -> Say,
) -> super::world::Came {
    let inputs = vec![r#""text""#; inputs].join(",");
    let body = format!(r#"{{"input":[{inputs}],"user":"u"}}"#);
    let call = Call::embeddings(
        &client.shared,
        &body,
        client.given("{}"),
        WallTime(client.now),
    )
    .unwrap();
    client.run(&call, say)
}

#[test]
fn the_next_model_has_its_own_url_and_body() {
    let mut client = Client::new(r#","route":{"models":["org/b:together"],"sort":"cost"}"#);
    let came = embed(&mut client, 2, &mut |model| match model {
        "org/b" => Say::Ok,
        _ => Say::Status(503),
    });
    let first = format!("{ROUTER}/hf-inference/models/org/a/pipeline/feature-extraction");
    assert_eq!(
        came.urls,
        [first, format!("{ROUTER}/together/v1/embeddings")]
    );
    assert_eq!(came.settlement.provider.as_deref(), Some("together"));
    assert_eq!(came.tried(), [("org/a".into(), Some(503))]);
}

#[test]
fn the_provider_is_known_by_the_url_of_who_answered() {
    let mut client = Client::new(r#","route":{"models":["org/b"]},"model":"org/a:together""#);
    let came = embed(&mut client, 1, &mut |model| match model {
        "org/a" => Say::Status(503),
        _ => Say::Ok,
    });
    assert_eq!(came.urls.len(), 2);
    assert_eq!(came.settlement.provider.as_deref(), Some("hf-inference"));
    assert_eq!(
        came.settlement.tried[0].provider.as_deref(),
        Some("together")
    );
}

#[test]
fn one_calls_numbers_are_of_one_model() {
    let options = r#","baseURL":"http://localhost:1/v1","embeddings":{"batchSize":1},"route":{"models":["org/b"]}"#;
    let mut client = Client::new(options);
    let mut asked = 0;
    let came = embed(&mut client, 2, &mut |_| {
        asked += 1;
        if asked == 2 {
            Say::Status(500)
        } else {
            Say::Ok
        }
    });
    // The second batch may not go to org/b, since org/a has answered the first.
    assert_eq!(came.story(), "org/a org/a ~ org/a");
    let mut client = Client::new(options);
    let came = embed(&mut client, 2, &mut |model| match model {
        "org/a" => Say::Status(500),
        _ => Say::Ok,
    });
    // The second batch begins with the model that has answered the first.
    assert_eq!(came.story(), "org/a org/b org/b");
}

#[test]
fn an_answer_of_another_model_than_the_first_is_asked_for_anew() {
    use hfetch::call::head::Head;
    use hfetch::call::{Event, Step};
    let options = r#","baseURL":"http://localhost:1/v1","embeddings":{"batchSize":1},"route":{"models":["org/b"]}"#;
    let client = Client::new(options);
    let body = r#"{"input":["one","two"]}"#;
    let call = Call::embeddings(
        &client.shared,
        body,
        client.given("{}"),
        WallTime(client.now),
    )
    .unwrap();
    let hear = |index, event: Event<'_>| call.handle(index, event, WallTime(client.now), 0.5);
    for index in [0, 1] {
        assert!(matches!(hear(index, Event::Begin), Step::Send { .. }));
    }
    hear(0, Event::Head(Head::new(500, "")));
    assert!(matches!(hear(0, Event::ErrorBody(b"")), Step::Send { .. }));
    assert!(matches!(
        hear(0, Event::Head(Head::new(200, ""))),
        Step::Deliver
    ));
    // org/b has answered one request; the answer of org/a to the other one is discarded.
    assert!(matches!(
        hear(1, Event::Head(Head::new(200, ""))),
        Step::ReadError { .. }
    ));
    assert!(matches!(hear(1, Event::ErrorBody(b"")), Step::Send { .. }));
    let sent = call.requests[1].body(|body| body.unwrap().to_string());
    assert!(sent.contains("org/b"), "{sent}");
}

#[test]
fn what_another_model_answered_is_not_asked_for_beyond_the_tries() {
    use hfetch::call::head::Head;
    use hfetch::call::{Event, Step};
    let options = r#","baseURL":"http://localhost:1/v1","embeddings":{"batchSize":1},"route":{"models":["org/b"]},"retry":{"maxAttempts":2}"#;
    let client = Client::new(options);
    let body = r#"{"input":["one","two"]}"#;
    let call = Call::embeddings(
        &client.shared,
        body,
        client.given("{}"),
        WallTime(client.now),
    )
    .unwrap();
    let hear = |index, event: Event<'_>| call.handle(index, event, WallTime(client.now), 0.5);
    hear(0, Event::Begin);
    hear(1, Event::Begin);
    hear(0, Event::Head(Head::new(500, "")));
    assert!(matches!(hear(0, Event::ErrorBody(b"")), Step::Send { .. }));
    hear(1, Event::Head(Head::new(200, "")));
    // org/a has answered the other request, and both attempts of this one are used up.
    assert!(matches!(
        hear(0, Event::Head(Head::new(200, ""))),
        Step::ReadError { .. }
    ));
    let Step::Fail(failure) = hear(0, Event::ErrorBody(b"")) else {
        panic!("a third try");
    };
    assert_eq!(failure.error.status, Some(500));
}

#[test]
fn a_further_model_that_has_no_way_is_refused_before_anything_is_sent() {
    let client = Client::new(r#","route":{"models":["org/b:nobody"]}"#);
    let call = Call::embeddings(
        &client.shared,
        r#"{"input":"x"}"#,
        client.given("{}"),
        WallTime(client.now),
    );
    assert_eq!(call.unwrap_err().path.as_deref(), Some("model"));
}
