//! The calls that the limits let through, the order in which the others wait, and for how long.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hfetch::call::failure::Cancelled;
use hfetch::call::open::Given;
use hfetch::call::shared::{Host, Shared};
use hfetch::call::{Call, Event, Step};
use hfetch::config::{Config, KeySource};
use hfetch::json;
use hfetch::unit::{Millis, Usd, WallTime};
use std::rc::Rc;

use crate::simulation::World;
use crate::simulation::scenario::{Kind, Plan, Reply, Reported, Scenario, When};

const ONE: &str = r#""limits":{"maxConcurrent":1}"#;

/// A client with these limits.
fn limited(limits: &str) -> Scenario {
    Scenario::with(&format!(r#""limits":{{{limits}}}"#))
}

/// Calls that begin one ms after the other and read their answers for so many ms.
fn calls(scenario: Scenario, count: u64, reads_for: u64) -> World {
    let plan = |at| Plan::chat().at(at).reads_for(reads_for);
    World::run(&(0..count).fold(scenario, |scenario, at| scenario.call(plan(at))))
}

#[test]
fn first_come_first_served() {
    let world = calls(Scenario::with(ONE), 4, 100);
    for call in 0..4 {
        assert_eq!(world.times(call, "send"), [100 * call as u64]);
    }
    assert_eq!(world.story(1), "line 60000, send hf_a, answer");
    assert_eq!(world.story(3), "line 60000, line 59803, send hf_a, answer");
}

#[test]
fn a_small_request_does_not_overtake_a_large_one() {
    let used = Reported::ByServer(10, 24);
    let plan = |at| Plan::chat().at(at).usage(used).reads_for(0);
    let scenario = limited(r#""tokensPerMinute":100"#)
        .call(plan(0))
        .call(plan(1))
        .call(plan(2));
    let world = World::run(&scenario.call(plan(3).max_tokens(1)));
    // The fourth call's reservation, made out of its turn, is given back; the third then looks again.
    assert_eq!(world.story(2), "line 59998, line 59997, send hf_a, answer");
    assert_eq!(world.story(3), "line 60000, send hf_a, answer");
    assert_eq!(world.times(3, "send"), [60_000]);
}

#[test]
fn a_wait_for_a_window_is_as_long_as_the_window() {
    let world = calls(limited(r#""requestsPerMinute":1"#), 2, 0);
    assert_eq!(world.story(1), "line 59999, send hf_a, answer");
    assert_eq!(world.times(1, "send"), [60_000]);
}

#[test]
fn a_wait_that_is_too_long_is_not_begun() {
    let table = [
        (r#""maxWait":59999"#, "line 59999, send hf_a, answer"),
        (r#""maxWait":59998"#, "LimitExceededError"),
        (r#""maxWait":0"#, "LimitExceededError"),
        (r#""onLimit":"error""#, "LimitExceededError"),
    ];
    for (waiting, told) in table {
        let world = calls(
            limited(&format!(r#""requestsPerMinute":1,{waiting}"#)),
            2,
            0,
        );
        assert_eq!(world.story(1), told, "{waiting}");
    }
}

#[test]
fn a_call_whose_wait_is_over_is_told_of_the_limit_that_was_in_the_way() {
    let scenario = limited(r#""maxConcurrent":1,"maxWait":50"#);
    let world = calls(scenario, 3, 100);
    assert_eq!(world.story(1), "line 50, LimitExceededError");
    assert_eq!(world.error(1).reason, Some("concurrent"));
    assert_eq!(world.error(1).scope.as_deref(), Some("client:huggingface"));
    assert_eq!(world.flights[1].ended_at, 51);
    assert!(world.error(1).message.contains("limits.maxConcurrent"));
    // The third call is first in line for the last ms of its wait.
    assert_eq!(world.story(2), "line 50, line 1, LimitExceededError");
}

#[test]
fn each_key_has_limits_of_its_own() {
    let scenario = Scenario::with(r#""apiKeys":["hf_a","hf_b"],"limits":{"requestsPerMinute":1}"#);
    let world = calls(scenario, 3, 0);
    assert_eq!(world.story(0), "send hf_a, answer");
    assert_eq!(world.story(1), "send hf_b, answer");
    assert_eq!(world.story(2), "line 59998, send hf_a, answer");
}

#[test]
fn a_call_that_waits_for_another_to_end_takes_a_second_key_as_soon_as_that_has_room() {
    let scenario = Scenario::with(r#""apiKeys":["hf_a","hf_b"],"limits":{"tokensPerMinute":100}"#);
    // Two long answers hold all tokens of hf_a; hf_b has used up its minute after 59 s.
    let long = |at| Plan::chat().at(at).reads_for(300_000);
    let short = |at, used| {
        Plan::chat()
            .at(at)
            .reads_for(0)
            .usage(Reported::ByServer(used, 0))
    };
    let plans = [
        long(0),
        short(1, 2),
        long(2),
        short(59_000, 50),
        short(59_001, 50),
    ];
    let scenario = plans.into_iter().fold(scenario, Scenario::call);
    let world = World::run(&scenario.call(Plan::chat().at(70_000).reads_for(0)));
    assert_eq!(world.story(2), "send hf_a, answer");
    assert_eq!(world.story(4), "send hf_b, answer");
    assert_eq!(world.story(5), "line 49000, send hf_b, answer");
}

#[test]
fn a_call_brings_limits_of_its_own_and_is_told_what_is_left_of_them() {
    let of_user = |at| Plan::chat().at(at).of_user("u", 1.0).reads_for(0);
    let options = r#""apiKeys":["hf_a","hf_b"],"limits":{"onLimit":"error"}"#;
    let scenario = Scenario::with(options).call(of_user(0)).call(of_user(1));
    let world = World::run(&scenario.call(Plan::chat().at(2)));
    assert_eq!(world.story(1), "LimitExceededError");
    assert_eq!(world.error(1).scope.as_deref(), Some("user:u"));
    assert_eq!(world.story(2), "send hf_b, answer");
    let quotas = |call: usize| world.flights[call].call.as_ref().unwrap().quotas();
    let told = serde_json::to_value(quotas(1)).unwrap();
    assert_eq!(
        told,
        serde_json::json!([{"scope": "user:u", "reason": "requests", "limit": 1.0, "remaining": 0.0, "reset": 59_999.0}])
    );
    assert!(quotas(2).is_none());
}

#[test]
fn a_request_that_can_never_fit_fails_at_once_even_behind_others() {
    let scenario = limited(r#""tokensPerMinute":60,"maxConcurrent":1"#);
    let scenario = scenario.call(Plan::chat()).call(Plan::chat().at(1));
    let large = Plan::new(Kind::Embeddings(200)).at(2);
    let options = r#""embeddings":{"batchSize":200}"#.to_string();
    let mut scenario = scenario.call(large);
    scenario.options.push(options);
    let world = World::run(&scenario);
    assert_eq!(world.story(2), "LimitExceededError");
    assert_eq!(world.error(2).retry_after, Some(Millis(f64::INFINITY)));
    assert!(!world.error(2).is_retryable);
    assert_eq!(world.flights[2].ended_at, 2);
}

#[test]
fn a_budget_is_never_waited_for() {
    let priced = r#""pricing":{"inputPerMillion":0,"outputPerMillion":1},"budget":{"usd":0.001,"per":"day"}"#;
    let plan = || {
        Plan::chat()
            .max_tokens(600)
            .usage(Reported::ByServer(1, 500))
    };
    let scenario = Scenario::with(&format!("{ONE},{priced}"));
    let scenario = scenario
        .call(plan())
        .call(Plan::chat().max_tokens(100).at(1))
        .call(plan().at(2));
    let world = World::run(
        &scenario
            .call(plan().at(5_000))
            .call(plan().max_tokens(480).at(6_000)),
    );
    assert_eq!(world.story(1), "line 60000, send hf_a, answer");
    // 600 are held, 600 more are asked for, and the budget allows 1000.
    assert_eq!(world.story(2), "BudgetExceededError");
    assert_eq!(world.flights[2].ended_at, 2);
    assert_eq!(world.error(2).spent_usd, Some(Usd(0.0006)));
    // 500 and 20 were spent.
    assert_eq!(world.story(3), "BudgetExceededError");
    assert_eq!(world.error(3).spent_usd, Some(Usd(0.00052)));
    assert_eq!(world.story(4), "send hf_a, answer");
}

#[test]
fn what_a_server_said_matters_more_than_the_limit_that_kept_the_next_try_from_it() {
    let table = [
        (
            r#""requestsPerMinute":1,"maxWait":1000"#,
            "send hf_a, pause 251, InternalServerError",
        ),
        (
            r#""requestsPerMinute":1,"onLimit":"error""#,
            "send hf_a, pause 251, InternalServerError",
        ),
        (
            r#""requestsPerMinute":1"#,
            "send hf_a, pause 251, line 59748, send hf_a, answer",
        ),
    ];
    for (limits, told) in table {
        let world = World::run(&limited(limits).call(Plan::chat().met_by([500])));
        assert_eq!(world.story(0), told, "{limits}");
    }
}

#[test]
fn a_pause_that_a_server_asked_for_holds_for_every_call() {
    let reply = Reply::from(429).header("retry-after", "2");
    let scenario = Scenario::with("").call(Plan::chat().met_by([reply]));
    let world = World::run(&scenario.call(Plan::chat().at(500)));
    assert_eq!(world.story(0), "send hf_a, pause 2001, send hf_a, answer");
    assert_eq!(world.story(1), "line 1501, send hf_a, answer");
}

#[test]
fn a_pause_that_is_too_long_to_wait_for_is_told_at_once() {
    let asks = |status, seconds| Reply::from(status).header("retry-after", seconds);
    let spent = Reply::from(200).header("ratelimit", "\"api\";r=0;t=60");
    let never = r#""retry":false"#;
    let short = r#""retry":{"maxDelay":1000}"#;
    let table = [
        ("", asks(429, "60"), 59_501.0),
        ("", asks(503, "60"), 59_501.0),
        ("", spent, 59_500.0),
        (never, asks(429, "2"), 1_501.0),
        (r#""maxRetries":0"#, asks(429, "2"), 1_501.0),
        (short, asks(429, "2"), 1_501.0),
        (r#""limits":{"maxWait":1000}"#, asks(429, "31"), 30_501.0),
        (r#""limits":{"onLimit":"error"}"#, asks(429, "31"), 30_501.0),
    ];
    for (options, reply, left) in table {
        let scenario = Scenario::with(options).call(Plan::chat().met_by([reply]));
        let scenario = scenario.call(Plan::chat().at(500));
        for scenario in [
            scenario.clone(),
            scenario.clone().workerd(),
            scenario.store(&[]),
        ] {
            let world = World::run(&scenario);
            assert_eq!(
                world.story(1).replace("reserve hf_a, ", ""),
                "RateLimitError",
                "{options}"
            );
            assert_eq!(world.flights[1].ended_at, 500);
            let error = world.error(1);
            assert_eq!(
                (error.status, error.retry_after),
                (Some(429), Some(Millis(left)))
            );
            assert_eq!((error.is_retryable, error.reason), (true, None));
            let failure = world.flights[1].failure.as_ref().unwrap();
            assert_eq!((failure.attempts, &failure.request_id), (0, &None));
            assert_eq!(world.settlement(1).attempts, 0);
        }
    }
}

#[test]
fn who_waits_as_long_as_the_server_asked_for_goes_on() {
    let reply = Reply::from(429).header("retry-after", "60");
    let scenario = Scenario::with(r#""retry":false"#).call(Plan::chat().met_by([reply]));
    // Reading an error's body takes 1 ms, and a timer may fire 1 ms early.
    let world = World::run(&scenario.clone().call(Plan::chat().at(60_000)));
    assert_eq!(world.story(1), "line 1, send hf_a, answer");
    let world = World::run(&scenario.call(Plan::chat().at(60_001)));
    assert_eq!(world.story(1), "send hf_a, answer");
}

#[test]
fn what_the_operator_limits_is_told_as_such_whatever_the_server_asks_for() {
    let limits = r#""apiKeys":["hf_a","hf_b"],"limits":{"requestsPerMinute":1,"maxWait":50000}"#;
    let pause = Reply::from(200).header("ratelimit", "\"api\";r=0;t=40");
    let scenario = Scenario::with(limits).call(Plan::chat().met_by([pause]));
    let scenario = scenario.call(Plan::chat().at(5_000));
    let world = World::run(&scenario.clone().call(Plan::chat().at(8_000)));
    assert_eq!(world.story(2), "LimitExceededError");
    assert_eq!(world.error(2).reason, Some("requests"));
    // A call that may wait does so for its own limit, and not for a pause.
    let world = World::run(&scenario.call(Plan::chat().at(15_000)));
    assert_eq!(world.story(2), "line 45000, send hf_a, answer");
}

#[test]
fn a_success_whose_window_is_spent_makes_the_next_call_wait() {
    let reply = Reply::from(200).header("ratelimit", "\"api\";r=0;t=3");
    let scenario = Scenario::with("").call(Plan::chat().met_by([reply]));
    let world = World::run(&scenario.call(Plan::chat().at(1_000)));
    assert_eq!(world.story(0), "send hf_a, answer");
    assert_eq!(world.story(1), "line 2000, send hf_a, answer");
}

#[test]
fn a_call_that_gives_up_its_place_lets_the_next_one_look() {
    let scenario = Scenario::with(ONE);
    let scenario = scenario.call(Plan::chat());
    let scenario = scenario.call(
        Plan::chat()
            .at(1)
            .cancelled(When::At(20), Cancelled::Aborted),
    );
    let world = World::run(&scenario.call(Plan::chat().at(2)));
    assert_eq!(world.story(1), "line 60000, APIUserAbortError");
    assert_eq!(world.flights[1].ended_at, 20);
    assert_eq!(world.times(2, "send"), [100]);
}

/// One call holds the only place while two others wait, the second of them from 20 s on; the wall clock is set at 10 s.
fn set_in_line(by: f64) -> Scenario {
    let scenario = Scenario::with(ONE).call(Plan::chat().reads_for(200_000));
    let scenario = scenario.call(Plan::chat().at(1)).jump(10_000, by);
    scenario.call(Plan::chat().at(20_000))
}

#[test]
fn a_wall_clock_that_is_set_is_nothing_to_a_wait() {
    for by in [-3_600_000.0, -1_000.0, 1_000.0, 3_600_000.0] {
        let world = World::run(&set_in_line(by));
        assert_eq!(world.story(1), "line 60000, LimitExceededError", "{by}");
        // The request is first in line for the last 20 s.
        assert_eq!(world.story(2), "line 60000, line 19999, LimitExceededError");
        assert_eq!(world.flights[1].ended_at, 60_001);
        assert_eq!(world.flights[2].ended_at, 80_000);
        assert_eq!(world.settlement(1).duration_ms, Millis(60_000.0));
        let window = limited(r#""requestsPerMinute":1"#).call(Plan::chat().reads_for(0));
        let world = World::run(&window.call(Plan::chat().at(1)).jump(500, by));
        assert_eq!(world.story(1), "line 59999, send hf_a, answer", "{by}");
    }
}

#[test]
fn a_clock_that_is_set_back_lengthens_a_wait_by_no_more_than_its_sleep() {
    let world = World::run(&set_in_line(-3_600_000.0).wall_alone());
    // Nobody knows how much time passed between the last event and the jump.
    assert_eq!(world.story(1), "line 60000, line 19999, LimitExceededError");
    assert_eq!(world.story(2), "line 60000, LimitExceededError");
    assert_eq!(world.flights[2].ended_at, 80_000);
}

#[test]
fn in_workerd_each_call_looks_for_itself_and_often_where_the_line_moves() {
    let world = calls(Scenario::with(ONE).workerd(), 20, 100);
    assert_eq!(world.story(1), "line 50, line 100, send hf_a, answer");
    for call in 1..20 {
        let sent = |call| world.times(call, "send")[0];
        let gap = sent(call) - sent(call - 1);
        assert!((100..=151).contains(&gap), "{call}: {gap}");
    }
    let still = Scenario::with(ONE)
        .workerd()
        .call(Plan::chat().reads_for(5_000));
    let world = World::run(&still.call(Plan::chat().at(1)));
    let looks = "line 50, line 100, line 200, line 400, line 800, line 1000, line 1000";
    assert!(world.story(1).starts_with(looks));
}

#[test]
fn without_its_counters_a_budget_lets_nothing_through() {
    let priced = r#""pricing":{"inputPerMillion":0,"outputPerMillion":1}"#;
    let budget = format!(r#"{priced},"budget":{{"usd":1,"per":"day"}}"#);
    for (options, told) in [
        (priced, "send hf_a, answer"),
        (&budget, "LimitExceededError"),
    ] {
        let mut world = World::new(&Scenario::with(options).call(Plan::chat()));
        let shared = world.shared.clone();
        let trap = || shared.memory(|_| panic!("on purpose"));
        assert!(catch_unwind(AssertUnwindSafe(trap)).is_err());
        world.run_on();
        assert_eq!(world.story(0), told);
        assert_eq!(shared.take_losses(), ["what its limits had counted"]);
        if told == "LimitExceededError" {
            assert_eq!(world.error(0).reason, Some("store"));
            assert_eq!(world.error(0).retry_after, Some(Millis(f64::INFINITY)));
        }
    }
}

#[test]
fn a_wait_as_long_as_max_wait_is_begun_whatever_the_clock_reads() {
    let options = br#"{"apiKey":"hf_a","model":"org/a","limits":{"requestsPerMinute":1}}"#;
    let host = Host {
        wakes_across_requests: true,
        has_store: false,
        counts_places_of_keys: false,
    };
    let body = r#"{"messages":[{"role":"user","content":"Hello"}]}"#;
    // For some readings, adding 60 s and subtracting the reading again is not quite 60 s in doubles.
    let readings = (0..2_000).map(|at| 1_000.0 + f64::from(at) * 37.123_456_7);
    assert!(readings.clone().any(|at| at + 60_000.0 - at < 60_000.0));
    for at in readings.filter(|at| at + 60_000.0 - at <= 60_000.0) {
        let config = Config::from_options(&json::parse(options).unwrap(), &KeySource::None);
        let shared = Rc::new(Shared::new(config.unwrap(), host));
        let call = || {
            let given = Given {
                options: shared.default_options(),
                parts: vec![],
                metered: false,
                max_tokens: None,
                max_choices: None,
                address: None,
            };
            Call::chat(&shared, body, given, WallTime(at)).unwrap()
        };
        let (first, second) = (call(), call());
        assert!(matches!(
            first.handle(0, Event::Begin, WallTime(at), 0.5),
            Step::Send { .. }
        ));
        let step = second.handle(0, Event::Begin, WallTime(at), 0.5);
        assert!(matches!(step, Step::Sleep { .. }), "{at}: {step:?}");
    }
}
