//! What is tried again, and after how long. Random numbers are 0.5 where nothing else is said.

use crate::simulation::World;
use crate::simulation::scenario::{Kind, Met, Plan, Reply, Scenario};
use crate::story;

const LOADING: &str = r#"{"error":"loading","estimated_time":20}"#;
const LOADING_LONG: &str = r#"{"error":"loading","estimated_time":61}"#;

#[test]
fn some_statuses_are_tried_again_after_a_pause() {
    for status in [408, 409, 425, 429, 500, 502, 503, 504] {
        let told = story("", [status]);
        assert_eq!(told, "send hf_a, pause 251, send hf_a, answer", "{status}");
    }
}

#[test]
fn others_never() {
    let table = [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (402, "PaymentRequiredError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (410, "NotFoundError"),
        (413, "UnprocessableEntityError"),
        (422, "UnprocessableEntityError"),
        (418, "APIError"),
        (302, "APIError"),
        (501, "InternalServerError"),
    ];
    for (status, class) in table {
        assert_eq!(
            story("", [status]),
            format!("send hf_a, {class}"),
            "{status}"
        );
    }
}

#[test]
fn a_connection_that_fails_is_tried_again() {
    let told = story("", [Met::Lost, Met::Lost]);
    assert_eq!(
        told,
        "send hf_a, pause 251, send hf_a, pause 501, send hf_a, answer"
    );
}

#[test]
fn tries_are_counted_in_all() {
    let table = [
        (
            "",
            "send hf_a, pause 251, send hf_a, pause 501, send hf_a, InternalServerError",
        ),
        (
            r#""maxRetries":1"#,
            "send hf_a, pause 251, send hf_a, InternalServerError",
        ),
        (r#""retry":false"#, "send hf_a, InternalServerError"),
    ];
    for (options, told) in table {
        assert_eq!(story(options, [500; 5]), told, "{options}");
    }
}

#[test]
fn pauses_double_up_to_a_bound_and_are_a_random_part_of_it() {
    let options = r#""retry":{"maxAttempts":5,"maxDelay":1500}"#;
    let table = [
        (vec![0.0], "1 1 1 1"),
        (vec![0.5], "251 501 751 751"),
        (vec![1.0], "501 1001 1501 1501"),
    ];
    for (random, pauses) in table {
        let mut scenario = Scenario::with(options).call(Plan::chat().met_by([500; 5]));
        scenario.random = random;
        let world = World::run(&scenario);
        let told: Vec<&str> = world.flights[0]
            .story
            .iter()
            .filter_map(|step| step.strip_prefix("pause "))
            .collect();
        assert_eq!(told.join(" "), pauses);
    }
}

#[test]
fn a_server_is_waited_for_as_long_as_it_asks_or_not_at_all() {
    let table = [
        (429, "retry-after", "2", "", "pause 2001"),
        (500, "retry-after", "30", "", "pause 30001"),
        (503, "retry-after-ms", "1500", "", "pause 1501"),
        (500, "ratelimit", "\"api\";r=0;t=5", "", "pause 5001"),
        (429, "retry-after", "31", "", "RateLimitError"),
        (500, "x-should-retry", "false", "", "InternalServerError"),
        (503, "", "", LOADING, "pause 20001"),
        (503, "retry-after", "25", LOADING, "pause 25001"),
        (503, "retry-after", "2", LOADING, "pause 20001"),
        (503, "", "", LOADING_LONG, "ModelLoadingError"),
        (500, "", "", LOADING_LONG, "pause 251"),
        (400, "retry-after", "1", "", "BadRequestError"),
    ];
    for (status, name, value, body, then) in table {
        let told = story("", [Reply::from(status).header(name, value).body(body)]);
        let expected = match then.starts_with("pause") {
            true => format!("send hf_a, {then}, send hf_a, answer"),
            false => format!("send hf_a, {then}"),
        };
        assert_eq!(told, expected, "{status} {name} {value} {body}");
    }
}

#[test]
fn an_error_says_when_another_try_makes_sense() {
    let plans = [
        (Reply::from(429).header("retry-after", "31"), Some(31_000.0)),
        (Reply::from(503).body(LOADING_LONG), Some(61_000.0)),
        (Reply::from(400), None),
    ];
    for (reply, wait) in plans {
        let world = World::run(&Scenario::with("").call(Plan::chat().met_by([reply])));
        assert_eq!(world.error(0).retry_after, wait);
        assert_eq!(world.flights[0].failure.as_ref().unwrap().attempts, 1);
    }
}

#[test]
fn every_kind_of_call_is_tried_again() {
    for kind in [
        Kind::Chat,
        Kind::Stream,
        Kind::Embeddings(1),
        Kind::Catalogue,
    ] {
        let plan = Plan::new(kind).met_by([500]);
        let world = World::run(&Scenario::with("").call(plan));
        assert_eq!(
            world.story(0),
            "send hf_a, pause 251, send hf_a, answer",
            "{kind:?}"
        );
    }
}
