//! A call that is cancelled at each of its steps.

use std::collections::BTreeSet;

use hfetch::call::failure::Cancelled;
use hfetch::policy::ledger::Outcome;

use crate::simulation::World;
use crate::simulation::scenario::{KeyAnswer, Kind, Met, Plan, Reply, Scenario, StoreAnswer, When};

const PRICED: &str = r#""pricing":"live","budget":{"usd":1,"per":"day"}"#;
const ONE: &str = r#""limits":{"maxConcurrent":1}"#;

/// Scenarios whose last call goes through every state.
fn scenarios() -> Vec<Scenario> {
    let eventful =
        || Plan::chat().met_by([Reply::from(500), Reply::from(Met::Lost), Reply::from(200)]);
    let behind = |scenario: Scenario| scenario.call(Plan::chat()).call(eventful().at(1));
    vec![
        Scenario::with(PRICED).prices_after(50).call(eventful()),
        behind(Scenario::with(ONE)),
        behind(Scenario::with(ONE).workerd()),
        behind(Scenario::with(ONE).store(&[])),
        behind(Scenario::with(ONE).store(&[StoreAnswer::Late(40); 9])),
        Scenario::with("")
            .key_function(&[KeyAnswer::Late(50, "hf_x")])
            .call(eventful()),
        Scenario::with(r#""embeddings":{"batchSize":1}"#)
            .call(Plan::new(Kind::Embeddings(3)).met_by([500])),
        Scenario::with("").call(Plan::new(Kind::Catalogue).met_by([503])),
    ]
}

/// Runs each scenario once for each step of its last call, and ends the call at that step.
fn at_every_step(end: impl Fn(Plan, When) -> Plan, look: impl Fn(&World, usize)) {
    let mut states = BTreeSet::new();
    for scenario in scenarios() {
        for step in 1.. {
            let mut scenario = scenario.clone();
            let plan = scenario.calls.pop().unwrap();
            let world = World::run(&scenario.call(end(plan, When::Step(step))));
            let last = world.flights.len() - 1;
            if !world.flights[last].cancelled {
                break;
            }
            let story = &world.flights[last].story;
            states.extend(
                story
                    .iter()
                    .rev()
                    .nth(1)
                    .and_then(|words| words.split(' ').next())
                    .map(str::to_string),
            );
            look(&world, last);
        }
    }
    for state in ["prices", "key?", "reserve", "line", "send", "pause"] {
        assert!(
            states.contains(state),
            "never cancelled at {state}: {states:?}"
        );
    }
}

#[test]
fn the_error_says_who_ended_it_in_every_state() {
    let table = [
        (Cancelled::Aborted, "APIUserAbortError", None),
        (Cancelled::Total, "APIConnectionTimeoutError", Some("total")),
        (Cancelled::Idle, "APIConnectionTimeoutError", Some("idle")),
    ];
    for (how, class, reason) in table {
        at_every_step(
            |plan, when| plan.cancelled(when, how),
            |world, last| {
                let flight = &world.flights[last];
                if let Some(settlement) = &flight.settlement {
                    assert_eq!(settlement.outcome, Outcome::Aborted);
                }
                // The core has already delivered the answer.
                if flight.story.last().is_some_and(|words| words != "answer") {
                    assert_eq!(world.error(last).class.name(), class, "{:?}", flight.story);
                    assert_eq!(world.error(last).reason, reason);
                }
            },
        );
    }
}

#[test]
fn a_call_can_be_closed_in_every_state() {
    at_every_step(Plan::closed, |world, last| {
        let flight = &world.flights[last];
        let settles = flight.call.as_ref().unwrap().kind.is_some();
        assert_eq!(flight.settlement.is_some(), settles);
    });
}

#[test]
fn no_call_waits_for_one_that_has_ended() {
    at_every_step(
        |plan, when| plan.cancelled(when, Cancelled::Aborted),
        |world, last| {
            let mut scenario = world.scenario.clone();
            scenario.calls.push(Plan::chat().at(500));
            let world = World::run(&scenario);
            assert!(world.story(last + 1).ends_with("answer"));
            assert!(
                world.flights[last + 1].ended_at < 2_000,
                "{}",
                world.story(last + 1)
            );
        },
    );
}
