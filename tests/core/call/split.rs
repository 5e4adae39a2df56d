//! Embeddings in several requests that may not wait: either all are let through before the first is sent, or none is sent.

use hfetch::call::failure::Cancelled;
use hfetch::policy::limit_store::MemoryStore;

use crate::simulation::World;
use crate::simulation::scenario::StoreAnswer::{self, Late, Throws};
use crate::simulation::scenario::{Kind, Met, Plan, Reply, Scenario, When};

/// A client whose calls with three inputs have three requests.
fn client(limits: &str) -> Scenario {
    Scenario::with(&format!(
        r#""embeddings":{{"batchSize":1}},"limits":{{{limits}"onLimit":"error"}}"#
    ))
}

fn three() -> Plan {
    Plan::new(Kind::Embeddings(3))
}

/// How many requests were counted for a client's first key this month.
fn reserved(world: &World) -> f64 {
    let scope = world.shared.scope(0);
    let now = world.now();
    let usage = |store: &mut MemoryStore| store.usage(&scope, now).requests_this_month;
    world.shared.memory(usage).unwrap()
}

#[test]
fn what_does_not_fit_as_a_whole_costs_nothing() {
    for (most, told, left) in [(3, 3, 3.0), (2, 0, 0.0), (1, 0, 0.0)] {
        let world = World::run(&client(&format!(r#""requestsPerMinute":{most},"#)).call(three()));
        assert_eq!(world.settlement(0).attempts, told, "{most}");
        assert_eq!(reserved(&world), left, "{most}");
        if told == 0 {
            assert_eq!(world.error(0).class.name(), "LimitExceededError");
            assert_eq!(world.error(0).reason, Some("requests"));
            assert_eq!(world.flights[0].ended_at, 0);
        }
    }
    // The place of the whole call in its user's limit is given back as well.
    let chat = Plan::chat().at(1).of_user("u", 1.0);
    let scenario = client(r#""requestsPerMinute":2,"#).call(three().of_user("u", 1.0));
    let world = World::run(&scenario.call(chat));
    assert_eq!(world.error(0).scope, Some(world.shared.scope(0)));
    assert_eq!(world.story(1), "send hf_a, answer");
}

#[test]
fn what_counts_calls_counts_it_once() {
    let world = World::run(
        &client(r#""maxConcurrent":1,"#)
            .call(three())
            .call(three().at(1)),
    );
    assert_eq!(world.settlement(0).attempts, 3);
    assert_eq!(world.settlement(1).attempts, 0);
    assert_eq!(world.error(1).reason, Some("concurrent"));
    let of_user = |at| three().at(at).of_user("u", 1.0);
    let world = World::run(&client("").call(of_user(0)).call(of_user(1_000)));
    assert_eq!(world.settlement(0).attempts, 3);
    assert_eq!(
        world.story(1),
        "LimitExceededError, APIUserAbortError, APIUserAbortError, APIUserAbortError"
    );
    assert_eq!(world.error(1).scope.as_deref(), Some("user:u"));
}

#[test]
fn where_a_call_may_wait_each_request_is_let_through_by_itself() {
    let options = r#""embeddings":{"batchSize":1},"limits":{"maxConcurrent":1}"#;
    let world = World::run(&Scenario::with(options).call(three()));
    assert_eq!(world.times(0, "send"), [0, 100, 200]);
}

#[test]
fn a_request_that_was_let_through_and_never_sent_is_given_back() {
    // The second request fails for good, which ends the others.
    let replies = [
        Reply::from(200).after(80),
        Reply::from(Met::Status(400)).after(30),
    ];
    let world = World::run(&client(r#""requestsPerMinute":9,"#).call(three().met_by(replies)));
    assert_eq!(reserved(&world), 3.0);
    for closed in [true, false] {
        let when = When::Step(1);
        let plan = match closed {
            true => three().closed(when),
            false => three().cancelled(when, Cancelled::Aborted),
        };
        let world = World::run(&client(r#""requestsPerMinute":9,"#).call(plan));
        assert_eq!(world.settlement(0).attempts, reserved(&world) as u32);
    }
}

#[test]
fn a_given_store_is_asked_for_the_call_and_then_for_each_request() {
    let asked = |limits: &str, answers: &[StoreAnswer], plan: Plan| {
        World::run(&client(limits).store(answers).call(plan))
    };
    let world = asked(r#""requestsPerMinute":9,"maxConcurrent":1,"#, &[], three());
    let story = world.story(0);
    let each =
        "reserve hf_a, reserve hf_a, reserve hf_a, let through, send hf_a, send hf_a, send hf_a";
    assert!(
        story.starts_with(&format!("reserve client:huggingface, {each}")),
        "{story}"
    );
    assert!(world.store.as_ref().unwrap().is_empty());
    // Only the call is counted, so its requests don't ask the store.
    let world = asked("", &[], three().of_user("u", 9.0));
    assert!(
        world
            .story(0)
            .starts_with("reserve user:u, let through, send hf_a, send hf_a, send hf_a")
    );
    let world = asked(r#""maxConcurrent":1,"#, &[Throws], three());
    assert_eq!(world.error(0).reason, Some("store"));
    // The store's answer comes after the end and is given back.
    for when in [When::At(20), When::Step(1)] {
        let cancelled = three().cancelled(when, Cancelled::Aborted);
        for plan in [cancelled, three().closed(when)] {
            let world = asked(r#""maxConcurrent":1,"#, &[Late(40)], plan);
            assert!(world.store.as_ref().unwrap().is_empty());
            assert_eq!(world.settlement(0).attempts, 0);
        }
    }
}
