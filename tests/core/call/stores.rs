//! A limit store of the caller's: it is asked before each attempt, however it answers.

use hfetch::call::failure::Cancelled;
use hfetch::unit::Millis;

use crate::simulation::World;
use crate::simulation::scenario::StoreAnswer::{
    self, Hangs, Honest, Late, Nonsense, Throws, Twice,
};
use crate::simulation::scenario::{KeyAnswer, Plan, Reported, Scenario, When};

const ONE: &str = r#""limits":{"maxConcurrent":1}"#;

fn chat(options: &str, answers: &[StoreAnswer], replies: &[u16]) -> World {
    let plan = Plan::chat().met_by(replies.iter().copied());
    World::run(&Scenario::with(options).store(answers).call(plan))
}

#[test]
fn every_attempt_is_reserved_and_settled() {
    let world = chat("", &[], &[500]);
    assert_eq!(
        world.story(0),
        "reserve hf_a, send hf_a, pause 251, reserve hf_a, send hf_a, answer"
    );
    assert!(world.store.as_ref().unwrap().is_empty());
}

#[test]
fn a_key_of_a_functions_comes_before_the_reservation() {
    let scenario = Scenario::with("")
        .key_function(&[KeyAnswer::Gives("hf_x")])
        .store(&[]);
    let world = World::run(&scenario.call(Plan::chat()));
    assert_eq!(world.story(0), "key?, reserve -, send hf_x, answer");
}

#[test]
fn a_store_that_lets_nothing_through_ends_the_call() {
    let table = [
        (Throws, "LimitExceededError", Some(0.0)),
        (Nonsense, "LimitExceededError", Some(f64::INFINITY)),
    ];
    for (answer, class, wait) in table {
        let world = chat("", &[answer], &[]);
        assert_eq!(world.story(0), format!("reserve hf_a, {class}"));
        assert_eq!(world.error(0).retry_after, wait.map(Millis));
        let failure = world.flights[0].failure.as_ref().unwrap();
        assert_eq!(failure.cause, answer == Throws);
        assert_eq!(world.settlement(0).attempts, 0);
    }
}

#[test]
fn what_a_server_said_matters_more_than_a_store_that_fails_afterwards() {
    for answer in [Throws, Nonsense] {
        let world = chat("", &[Honest, answer], &[500]);
        assert_eq!(
            world.story(0),
            "reserve hf_a, send hf_a, pause 251, reserve hf_a, InternalServerError"
        );
    }
}

#[test]
fn a_store_that_never_answers_holds_a_call_until_it_is_cancelled() {
    let plan = Plan::chat().cancelled(When::At(70_000), Cancelled::Total);
    let world = World::run(&Scenario::with("").store(&[Hangs]).call(plan));
    assert_eq!(world.story(0), "reserve hf_a, APIConnectionTimeoutError");
    assert_eq!(world.flights[0].ended_at, 70_000);
}

#[test]
fn a_reservation_that_comes_after_the_end_is_given_back() {
    for how in [Cancelled::Aborted, Cancelled::Total, Cancelled::Closed] {
        let plan = Plan::chat().cancelled(When::At(20), how);
        let world = World::run(&Scenario::with(ONE).store(&[Late(40)]).call(plan));
        assert_eq!(world.story(0).split(", ").count(), 2);
        assert!(world.store.as_ref().unwrap().is_empty());
    }
    let plan = Plan::chat().closed(When::Step(1));
    let world = World::run(&Scenario::with(ONE).store(&[Late(40)]).call(plan));
    assert!(world.store.as_ref().unwrap().is_empty());
}

#[test]
fn an_answer_that_comes_twice_counts_once() {
    let world = chat("", &[Twice], &[500]);
    assert_eq!(
        world.story(0),
        "reserve hf_a, send hf_a, pause 251, reserve hf_a, send hf_a, answer"
    );
    assert!(world.store.as_ref().unwrap().is_empty());
}

#[test]
fn another_key_is_asked_for_where_one_is_at_its_limit() {
    let options = r#""apiKeys":["hf_a","hf_b"],"limits":{"requestsPerMinute":1}"#;
    let scenario = Scenario::with(options).store(&[]);
    let plans = [0, 10, 20].map(|at| Plan::chat().at(at).reads_for(0));
    let world = World::run(&plans.into_iter().fold(scenario, Scenario::call));
    assert_eq!(world.story(1), "reserve hf_b, send hf_b, answer");
    assert_eq!(
        world.story(2),
        "reserve hf_a, reserve hf_b, line 59980, reserve hf_a, send hf_a, answer"
    );
}

#[test]
fn a_limit_of_the_clients_is_asked_for_with_one_key_only() {
    let options = r#""apiKeys":["hf_a","hf_b"],"limits":{"maxConcurrent":1,"onLimit":"error"}"#;
    let scenario = Scenario::with(options).store(&[]).call(Plan::chat());
    let world = World::run(&scenario.call(Plan::chat().at(1)));
    assert_eq!(world.story(1), "reserve hf_b, LimitExceededError");
}

#[test]
fn the_first_in_line_looks_by_itself_since_others_share_the_store() {
    let scenario = Scenario::with(ONE)
        .store(&[])
        .call(Plan::chat().reads_for(10_000));
    let world = World::run(&scenario.call(Plan::chat().at(1)));
    let waits = "line 50, reserve hf_a, line 100, reserve hf_a, line 200, reserve hf_a, line 400, reserve hf_a, line 800, reserve hf_a, line 1000";
    assert!(
        world
            .story(1)
            .starts_with(&format!("reserve hf_a, {waits}, reserve hf_a, line 1000"))
    );
    // The call looks again as soon as it hears of the end.
    assert_eq!(world.times(1, "send"), [10_002]);
}

#[test]
fn what_becomes_free_while_a_store_is_asked_is_not_missed() {
    let scenario = Scenario::with(ONE).store(&[Honest, Honest, Late(20)]);
    let scenario = scenario.call(Plan::chat().reads_for(60));
    // Its second question is answered with the state of one ms before the other call's end.
    let world = World::run(&scenario.call(Plan::chat().at(1)));
    assert_eq!(
        world.story(1),
        "reserve hf_a, line 50, reserve hf_a, reserve hf_a, send hf_a, answer"
    );
    assert_eq!(world.times(1, "send"), [71]);
}

#[test]
fn a_call_that_arrives_behind_others_asks_once_and_gives_back() {
    let options = r#""limits":{"tokensPerMinute":100}"#;
    let large = |at| Plan::chat().at(at).usage(Reported::ByServer(10, 24));
    let scenario = [0, 10, 20]
        .into_iter()
        .map(large)
        .fold(Scenario::with(options).store(&[]), Scenario::call);
    let world = World::run(&scenario.call(large(30).max_tokens(1)));
    // While the two calls before it run, they may give tokens back; afterwards only time helps.
    let looks = world.story(2);
    assert!(
        looks.starts_with("reserve hf_a, line 50, reserve hf_a, line 50, reserve hf_a, line 100, ")
    );
    assert!(looks.ends_with("line 59888, reserve hf_a, send hf_a, answer"));
    assert_eq!(world.times(2, "send"), [60_000]);
    assert!(world.story(3).starts_with("reserve hf_a, line 60000, "));
    assert_eq!(world.times(3, "send"), [60_000]);
    assert!(world.store.as_ref().unwrap().is_empty());
}

#[test]
fn a_call_that_finds_itself_first_after_a_slow_answer_asks_again() {
    let scenario = Scenario::with(ONE).store(&[Honest, Honest, Late(400)]);
    let scenario = scenario
        .call(Plan::chat().reads_for(300))
        .call(Plan::chat().at(1).reads_for(50));
    // The third call asks while it is behind the second, and hears the refusal after the second has gone.
    let world = World::run(&scenario.call(Plan::chat().at(2)));
    assert_eq!(
        world.story(2),
        "reserve hf_a, reserve hf_a, send hf_a, answer"
    );
    assert_eq!(world.times(2, "send"), [402]);
}

#[test]
fn a_call_whose_wait_is_over_behind_others_is_told_of_the_limit_or_of_the_others() {
    for (reads_for, words) in [(70, "Others were first"), (1_000, "limits.maxConcurrent")] {
        let scenario = Scenario::with(r#""limits":{"maxConcurrent":1,"maxWait":50}"#);
        // The last question of the first call in line is still open when the call behind it asks.
        let scenario = scenario.store(&[Honest, Honest, Honest, Late(200), Late(100)]);
        let scenario = scenario.call(Plan::chat().reads_for(reads_for));
        let scenario = scenario.call(Plan::chat().at(1)).call(Plan::chat().at(2));
        let world = World::run(&scenario);
        assert_eq!(
            world.story(2),
            "reserve hf_a, line 50, reserve hf_a, LimitExceededError"
        );
        assert_eq!(world.flights[2].ended_at, 152);
        assert_eq!(world.error(2).reason, Some("concurrent"));
        assert!(world.error(2).message.contains(words), "{words}");
        assert!(world.store.as_ref().unwrap().is_empty());
    }
}
