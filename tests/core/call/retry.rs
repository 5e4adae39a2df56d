//! Which failures are tried again, and after how long. Random numbers are 0.5 unless a test says otherwise.

use super::story;
use crate::simulation::World;
use crate::simulation::decoder::REFUSED_OPTIONS;
use crate::simulation::scenario::{Kind, Met, Plan, Reply, Scenario};
use hfetch::unit::Millis;

const LOADING: &str = r#"{"error":"loading","estimated_time":20}"#;
const LOADING_LONG: &str = r#"{"error":"loading","estimated_time":61}"#;

#[test]
fn some_statuses_are_tried_again_after_a_pause() {
    for status in [
        408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530,
    ] {
        let told = story("", [status]);
        // After a 429 a second is added.
        let pause = if status == 429 { 1_251 } else { 251 };
        let wanted = format!("send hf_a, pause {pause}, send hf_a, answer");
        assert_eq!(told, wanted, "{status}");
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
        (505, "InternalServerError"),
        (519, "InternalServerError"),
        (525, "InternalServerError"),
        (531, "InternalServerError"),
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
fn after_a_time_limit_nothing_is_tried_again_since_the_model_may_be_at_work() {
    let by_runtime = "Timed out: no response headers within the runtime's own limit for fetch (HeadersTimeoutError";
    let by_option = "Timed out: no response headers within 30000 ms (timeout.headers).";
    for kind in [
        Kind::Chat,
        Kind::Stream,
        Kind::Embeddings(1),
        Kind::Catalogue,
    ] {
        for (met, words) in [(Met::Silence, by_option), (Met::RuntimeLimit, by_runtime)] {
            let options = r#""apiKeys":["hf_a","hf_b"],"timeout":{"connect":30000}"#;
            let world = World::run(&Scenario::with(options).call(Plan::new(kind).met_by([met])));
            assert_eq!(world.story(0), "send hf_a, APIConnectionTimeoutError");
            let error = world.error(0);
            assert_eq!((error.reason, error.is_retryable), (Some("connect"), true));
            assert!(error.message.starts_with(words), "{}", error.message);
            let failure = world.flights[0].failure.as_ref().unwrap();
            assert_eq!(failure.cause, met == Met::RuntimeLimit);
        }
    }
}

#[test]
fn at_once_is_heard_once() {
    let reply = |status| Reply::from(status).header("retry-after", "0");
    for status in [429, 500, 503] {
        let then = if status == 429 { 1_501 } else { 501 };
        assert_eq!(
            story("", [reply(status), reply(status)]),
            format!("send hf_a, pause 1, send hf_a, pause {then}, send hf_a, answer"),
            "{status}"
        );
        assert_eq!(
            story("", [Reply::from(500), reply(status)]),
            format!("send hf_a, pause 251, send hf_a, pause {then}, send hf_a, answer"),
            "{status}"
        );
    }
}

#[test]
fn a_server_that_refuses_stream_options_is_asked_once_more_without_at_once() {
    let refusal = |status| Reply::from(status).body(REFUSED_OPTIONS);
    let again = "send hf_a, send hf_a";
    let table = [
        ("", vec![refusal(400)], format!("{again}, answer")),
        ("", vec![refusal(422)], format!("{again}, answer")),
        (
            r#""retry":false"#,
            vec![refusal(400)],
            format!("{again}, answer"),
        ),
        // The request counts as an attempt.
        (
            "",
            vec![refusal(400), Reply::from(500)],
            format!("{again}, pause 501, send hf_a, answer"),
        ),
        (
            r#""maxRetries":1"#,
            vec![refusal(400), Reply::from(500)],
            format!("{again}, InternalServerError"),
        ),
        (
            "",
            vec![refusal(400), refusal(400)],
            format!("{again}, BadRequestError"),
        ),
        // The refusal has nothing to do with the key.
        (
            r#""apiKeys":["hf_a","hf_b"]"#,
            vec![refusal(400), Reply::from(429)],
            "send hf_a, send hf_b, send hf_a, answer".to_string(),
        ),
        (
            "",
            vec![refusal(404)],
            "send hf_a, NotFoundError".to_string(),
        ),
        (
            "",
            vec![Reply::from(400)],
            "send hf_a, BadRequestError".to_string(),
        ),
    ];
    for (options, replies, told) in table {
        let plan = Plan::new(Kind::Stream).met_by(replies);
        let sends = told.matches("send").count() as u32;
        let world = World::run(&Scenario::with(options).call(plan));
        assert_eq!(world.story(0), told);
        assert_eq!(world.settlement(0).attempts, sends);
    }
    let world = World::run(&Scenario::with("").call(Plan::chat().met_by([refusal(400)])));
    assert_eq!(world.story(0), "send hf_a, BadRequestError");
}

#[test]
fn that_a_server_answers_without_stream_options_is_remembered() {
    let refusal = || Reply::from(400).body(REFUSED_OPTIONS);
    let stream = |at| Plan::new(Kind::Stream).at(at);
    let twice = [refusal(), Reply::from(404)];
    let scenario = Scenario::with("")
        .call(stream(0).met_by(twice))
        .call(stream(1_000).met_by([refusal()]));
    // The judge reads each body.
    let world = World::run(
        &scenario
            .call(stream(2_000))
            .call(stream(3_000).met_by([refusal()])),
    );
    assert_eq!(world.story(0), "send hf_a, send hf_a, NotFoundError");
    assert_eq!(world.story(1), "send hf_a, send hf_a, answer");
    assert_eq!(world.story(2), "send hf_a, answer");
    assert_eq!(world.story(3), "send hf_a, BadRequestError");
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
        assert_eq!(world.error(0).retry_after, wait.map(Millis));
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
