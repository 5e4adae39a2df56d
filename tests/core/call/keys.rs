//! Which key is used, and when another one replaces it.

use super::story;
use crate::simulation::World;
use crate::simulation::scenario::KeyAnswer::{
    self, Gives, GivesNoText, GivesResponse, Hangs, Late, Throws,
};
use crate::simulation::scenario::{Kind, Met, Plan, Reply, Reported, Scenario};
use hfetch::unit::Millis;

const TWO: &str = r#""apiKeys":["hf_a","hf_b"]"#;
const THREE: &str = r#""apiKeys":["hf_a","hf_b","hf_c"]"#;

/// Runs a chat whose key comes from a function.
fn asked(answers: &[KeyAnswer], statuses: &[u16]) -> World {
    let plan = Plan::chat().met_by(statuses.iter().copied());
    World::run(&Scenario::with("").key_function(answers).call(plan))
}

#[test]
fn another_key_is_tried_at_once_where_the_first_is_at_fault() {
    for status in [401, 402, 403, 429] {
        assert_eq!(
            story(TWO, [status]),
            "send hf_a, send hf_b, answer",
            "{status}"
        );
    }
    let long = Reply::from(429).header("retry-after", "2000");
    assert_eq!(story(TWO, [long]), "send hf_a, send hf_b, answer");
}

#[test]
fn with_one_key_nothing_but_a_pause_helps() {
    let table = [
        (401, "AuthenticationError"),
        (402, "PaymentRequiredError"),
        (403, "PermissionDeniedError"),
        (429, "pause 1251, send hf_a, answer"),
    ];
    for (status, then) in table {
        assert_eq!(story("", [status]), format!("send hf_a, {then}"));
    }
}

#[test]
fn a_fault_of_the_servers_is_waited_for_and_then_another_key_is_sent() {
    for met in [Met::Status(500), Met::Lost] {
        assert_eq!(story(TWO, [met]), "send hf_a, pause 251, send hf_b, answer");
    }
}

#[test]
fn the_last_error_is_told_when_every_key_was_refused() {
    let table = [
        (vec![401, 401], "send hf_a, send hf_b, AuthenticationError"),
        (
            vec![402, 403],
            "send hf_a, send hf_b, PermissionDeniedError",
        ),
        (
            vec![429, 429, 429],
            "send hf_a, send hf_b, pause 1501, send hf_a, RateLimitError",
        ),
    ];
    for (statuses, told) in table {
        assert_eq!(story(TWO, statuses), told);
    }
    let bounded = [THREE, r#""maxRetries":1"#].join(",");
    assert_eq!(
        story(&bounded, [401; 3]),
        "send hf_a, send hf_b, AuthenticationError"
    );
}

#[test]
fn a_key_that_was_refused_is_not_the_first_choice_of_the_next_call() {
    for status in [401, 402, 403, 429] {
        let scenario = Scenario::with(TWO).call(Plan::chat().met_by([status]));
        let world = World::run(&scenario.call(Plan::chat().at(1_000)));
        assert_eq!(world.story(1), "send hf_b, answer", "{status}");
    }
}

#[test]
fn a_key_that_the_server_does_not_know_is_set_aside_for_ten_minutes() {
    let refused = Plan::chat().met_by([401]).reads_for(0);
    let scenario = Scenario::with(TWO).call(refused);
    let scenario = scenario.call(Plan::chat().at(600_000).reads_for(0));
    let world = World::run(&scenario.call(Plan::chat().at(600_001)));
    assert_eq!(world.story(1), "send hf_b, answer");
    assert_eq!(world.story(2), "send hf_a, answer");
}

#[test]
fn the_last_usable_key_is_tried_all_the_same() {
    for (options, statuses, told) in [
        ("", vec![401], "send hf_a"),
        (TWO, vec![401, 401], "send hf_b"),
    ] {
        let scenario = Scenario::with(options).call(Plan::chat().met_by(statuses));
        let world = World::run(&scenario.call(Plan::chat().at(1_000)));
        assert!(world.story(0).ends_with("AuthenticationError"));
        assert_eq!(world.story(1), format!("{told}, answer"));
    }
}

#[test]
fn a_key_that_rests_is_tried_where_the_server_wants_every_other_one_to_pause() {
    let paused = |status| Reply::from(status).header("retry-after", "60");
    let spent = Reply::from(200).header("ratelimit", "\"api\";r=0;t=60");
    for retry in ["", r#","retry":false"#, r#","limits":{"onLimit":"error"}"#] {
        for pause in [paused(429), paused(503), spent.clone()] {
            let options = format!("{TWO}{retry}");
            let scenario = Scenario::with(&options).call(Plan::chat().met_by([402]));
            let scenario = scenario.call(Plan::chat().at(500).met_by([pause]));
            let world = World::run(&scenario.call(Plan::chat().at(1_000)));
            assert!(world.story(1).starts_with("send hf_b"), "{options}");
            // The account may have got new credits.
            assert_eq!(world.story(2), "send hf_a, answer", "{options}");
        }
    }
    // A key that the server doesn't know is no longer usable.
    let scenario = Scenario::with(TWO).call(Plan::chat().met_by([Reply::from(401), paused(429)]));
    let world = World::run(&scenario.call(Plan::chat().at(1_000)));
    assert_eq!(world.story(1), "RateLimitError");
    assert_eq!(world.error(1).retry_after, Some(Millis(59_002.0)));
}

/// Two keys. hf_a rests from 1 ms on (reading an error's body takes 1 ms), as `status` and `rest` say; hf_b is at its limit after 2
/// s.
fn one_rests_and_one_is_at_its_limit(limits: &str, status: u16, rest: &'static str) -> Scenario {
    let options = format!(r#"{TWO},"limits":{{{limits}}}"#);
    let mut reply = Reply::from(status);
    if !rest.is_empty() {
        reply = reply.header("retry-after", rest);
    }
    let plan = || Plan::chat().reads_for(0).usage(Reported::ByServer(1, 0));
    let scenario = Scenario::with(&options).call(plan().met_by([reply]));
    scenario.call(plan().at(1_000)).call(plan().at(2_000))
}

#[test]
fn a_call_waits_no_longer_than_until_another_key_has_rested() {
    let limit = r#""requestsPerMinute":2"#;
    let table = [
        // The server doesn't say how long: 5 s.
        (limit, 429, "", "line 3001, send hf_a, answer"),
        (limit, 429, "10", "line 8001, send hf_a, answer"),
        // hf_a rests for longer than hf_b's limit lasts.
        (limit, 429, "70", "line 58001, send hf_b, answer"),
        (limit, 402, "", "line 58001, send hf_b, answer"),
        (
            r#""requestsPerMinute":2,"maxWait":3001"#,
            429,
            "",
            "line 3001, send hf_a, answer",
        ),
        (
            r#""requestsPerMinute":2,"maxWait":3000"#,
            429,
            "",
            "LimitExceededError",
        ),
        (
            r#""requestsPerMonth":2"#,
            429,
            "",
            "line 3001, send hf_a, answer",
        ),
    ];
    for (limits, status, rest, told) in table {
        let scenario = one_rests_and_one_is_at_its_limit(limits, status, rest);
        for scenario in [
            scenario.clone(),
            scenario.clone().workerd(),
            scenario.clone().wall_alone(),
        ] {
            let world = World::run(&scenario);
            assert_eq!(world.story(0), "send hf_a, send hf_b, answer");
            assert_eq!(world.story(1), "send hf_b, answer");
            assert_eq!(world.story(2), told, "{limits} {status} {rest}");
        }
        let asked = World::run(&scenario.store(&[]));
        let last = told
            .rsplit_once("send ")
            .map_or("LimitExceededError", |told| told.1);
        assert!(asked.story(2).ends_with(last), "{}", asked.story(2));
        let waited = told
            .strip_prefix("line ")
            .and_then(|told| told.split_once(','));
        let sent = waited.map(|told| 2_000 + told.0.parse::<u64>().unwrap());
        assert_eq!(asked.times(2, "send"), Vec::from_iter(sent));
    }
}

/// Three keys. The server wants a pause for hf_a, longer than a call waits for a pause alone; the others are at their limits.
fn one_pauses_and_two_are_at_their_limits(pause: &str, options: &str) -> Scenario {
    let keys = r#""apiKeys":["hf_a","hf_b","hf_c"]"#;
    let spent = Reply::from(200).header("ratelimit", format!("\"api\";r=0;t={pause}"));
    let plan = |at, tokens| {
        Plan::chat()
            .at(at)
            .reads_for(0)
            .usage(Reported::ByServer(tokens, 0))
    };
    Scenario::with(&format!("{keys},{options}"))
        .call(plan(0, 1).met_by([spent]))
        .call(plan(1_000, 100))
        .call(plan(2_000, 100))
        .call(plan(3_000, 1))
}

#[test]
fn a_call_that_waits_for_a_limit_waits_no_longer_than_until_a_pause_is_over() {
    let limits = |more: &str| format!(r#""limits":{{"tokensPerMinute":100{more}}}"#);
    let table = [
        ("40", limits(""), "line 37000, send hf_a, answer"),
        // The limit of another key ends before the pause.
        ("80", limits(""), "line 58000, send hf_b, answer"),
        (
            "40",
            limits(r#","maxWait":37000"#),
            "line 37000, send hf_a, answer",
        ),
        ("40", limits(r#","maxWait":36999"#), "LimitExceededError"),
        ("40", limits(r#","onLimit":"error""#), "LimitExceededError"),
    ];
    for (pause, options, told) in table {
        let scenario = one_pauses_and_two_are_at_their_limits(pause, &options);
        for scenario in [scenario.clone(), scenario.clone().workerd()] {
            let world = World::run(&scenario);
            assert_eq!(world.story(1), "send hf_b, answer");
            assert_eq!(world.story(2), "send hf_c, answer");
            assert_eq!(world.story(3), told, "{pause} {options}");
            if told == "LimitExceededError" {
                assert_eq!(world.error(3).reason, Some("tokens"));
                assert_eq!(world.error(3).retry_after, Some(Millis(37_000.0)));
            }
        }
        let asked = World::run(&scenario.store(&[]));
        let last = told.rsplit(", ").take(2).collect::<Vec<_>>();
        assert!(asked.story(3).ends_with(last[0]), "{}", asked.story(3));
    }
}

#[test]
fn an_error_says_when_another_key_has_rested() {
    let limits = r#""requestsPerMinute":2,"onLimit":"error""#;
    let world = World::run(&one_rests_and_one_is_at_its_limit(limits, 429, ""));
    assert_eq!(world.story(2), "LimitExceededError");
    assert_eq!(world.error(2).reason, Some("requests"));
    assert_eq!(world.error(2).retry_after, Some(Millis(3_001.0)));
}

#[test]
fn what_waits_for_a_call_to_end_sees_a_key_that_has_rested() {
    let options = format!(r#"{TWO},"limits":{{"tokensPerMinute":100}}"#);
    let rests = Plan::chat().met_by([429]).reads_for(300_000);
    let long = Plan::chat().at(1).reads_for(300_000);
    let scenario = Scenario::with(&options).call(rests).call(long);
    let world = World::run(&scenario.call(Plan::chat().at(10).reads_for(0)));
    assert_eq!(world.story(2), "line 4991, send hf_a, answer");
}

#[test]
fn the_least_loaded_key_comes_first() {
    let scenario = (0..4).fold(Scenario::with(THREE), |scenario, at| {
        scenario.call(Plan::chat().at(at))
    });
    let world = World::run(&scenario);
    let sent: Vec<String> = (0..4)
        .map(|call| world.flights[call].story[0].clone())
        .collect();
    assert_eq!(sent, ["send hf_a", "send hf_b", "send hf_c", "send hf_a"]);
}

#[test]
fn a_server_without_keys_gets_none() {
    let options = r#""baseURL":"http://127.0.0.1/v1","headers":{"x-apiKey":"1"}"#;
    assert_eq!(story(options, [500]), "send -, pause 251, send -, answer");
}

#[test]
fn a_function_is_asked_before_each_try() {
    let table: [(&[KeyAnswer], &[u16], &str); 6] = [
        (&[Gives("hf_x")], &[], "key?, send hf_x, answer"),
        (
            &[Gives("hf_x"), Gives("hf_y")],
            &[500],
            "key?, send hf_x, pause 251, key?, send hf_y, answer",
        ),
        (
            &[Gives("hf_x"), Gives("hf_y")],
            &[401],
            "key?, send hf_x, key?, send hf_y, answer",
        ),
        (
            &[Gives("hf_x")],
            &[401],
            "key?, send hf_x, key?, AuthenticationError",
        ),
        (
            &[Gives("hf_x"), Gives("hf_y"), Gives("hf_z")],
            &[401; 3],
            "key?, send hf_x, key?, send hf_y, key?, send hf_z, AuthenticationError",
        ),
        (
            &[Gives("hf_x")],
            &[429],
            "key?, send hf_x, pause 1251, key?, send hf_x, answer",
        ),
    ];
    for (answers, statuses, told) in table {
        assert_eq!(asked(answers, statuses).story(0), told);
    }
}

#[test]
fn a_function_that_gives_no_key_ends_the_call() {
    let unusable = ("ConfigError", Some("apiKey"), None, false);
    let table = [
        (Throws, ("APIConnectionError", None, None, true)),
        (
            Hangs,
            ("APIConnectionTimeoutError", None, Some("connect"), false),
        ),
        (GivesNoText, unusable),
        (GivesResponse, unusable),
        (Gives(""), unusable),
        (Gives("Bearer hf_x"), unusable),
        (Gives("hf x"), unusable),
    ];
    for (answer, (class, path, reason, has_cause)) in table {
        let scenario =
            Scenario::with(r#""timeout":1000"#).key_function(std::slice::from_ref(&answer));
        let world = World::run(&scenario.call(Plan::chat()));
        assert_eq!(world.story(0), format!("key?, {class}"), "{answer:?}");
        let error = world.error(0);
        assert_eq!((error.path.as_deref(), error.reason), (path, reason));
        assert_eq!(error.is_retryable, path.is_none(), "{answer:?}");
        let failure = world.flights[0].failure.as_ref().unwrap();
        assert_eq!(failure.cause, has_cause, "{answer:?}");
        assert_eq!(world.settlement(0).attempts, 0);
    }
}

#[test]
fn a_slow_function_holds_nothing() {
    let scenario = Scenario::with(r#""limits":{"maxConcurrent":1}"#);
    let scenario = scenario.key_function(&[Late(1_000, "hf_x"), Gives("hf_y")]);
    let world = World::run(&scenario.call(Plan::chat()).call(Plan::chat().at(10)));
    assert_eq!(world.story(1), "key?, send hf_y, answer");
    assert_eq!(world.times(1, "send"), [10]);
    assert_eq!(world.times(0, "send"), [1_000]);
}

#[test]
fn no_key_of_a_function_is_seen_in_an_error() {
    let reply = Reply::from(400).body(r#"{"error":"hf_secretsecret is no good"}"#);
    let plan = Plan::chat().met_by([reply]);
    let world = World::run(
        &Scenario::with("")
            .key_function(&[Gives("hf_secretsecret")])
            .call(plan),
    );
    let failure = format!("{:?}", world.flights[0].failure);
    assert!(
        failure.contains("is no good") && !failure.contains("secretsecret"),
        "{failure}"
    );
}

#[test]
fn the_catalogue_is_asked_with_the_same_keys() {
    let plan = Plan::new(Kind::Catalogue).met_by([401]);
    let world = World::run(&Scenario::with(TWO).call(plan));
    assert_eq!(world.story(0), "send hf_a, send hf_b, answer");
}
