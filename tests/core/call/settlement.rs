//! The content of a settlement, and the change that a call makes to the sum.

use hfetch::call::failure::Cancelled;
use hfetch::call::open::Given;
use hfetch::call::settlement::End;
use hfetch::call::shared::Shared;
use hfetch::call::{Call, Event};
use hfetch::policy::ledger::{Kind as Settled, Outcome, Source};
use hfetch::unit::{Millis, Usd};

use crate::simulation::World;
use crate::simulation::scenario::{Kind, Met, Plan, Reply, Reported, Scenario, When};

/// The estimated tokens of the prompt in these tests.
const PROMPT: f64 = 9.0;

const HELLO: &str = r#"{"messages":[{"role":"user","content":"Hello"}]}"#;

fn given(shared: &Shared) -> Given<'static> {
    Given {
        options: shared.default_options(),
        parts: Vec::new(),
        metered: false,
        max_tokens: None,
        max_choices: None,
        address: None,
    }
}

#[test]
fn usage_is_what_was_reported_or_else_what_was_sent_and_delivered() {
    let sent = |reply: Met| Plan::chat().met_by([Reply::from(reply).after(50)]);
    let answered = |usage| Plan::chat().usage(usage);
    let once = r#""retry":false"#;
    let table = [
        (
            "reported",
            answered(Reported::ByServer(10, 20)),
            10.0,
            20.0,
            Source::Reported,
        ),
        (
            "not reported",
            answered(Reported::Delivered(7)),
            PROMPT,
            7.0,
            Source::Estimated,
        ),
        (
            "headers and nothing more",
            answered(Reported::Never),
            PROMPT,
            0.0,
            Source::Estimated,
        ),
        (
            "an error",
            sent(Met::Status(500)),
            0.0,
            0.0,
            Source::Estimated,
        ),
        (
            "no connection",
            sent(Met::Lost),
            0.0,
            0.0,
            Source::Estimated,
        ),
        (
            "no headers in time",
            sent(Met::Silence),
            PROMPT,
            0.0,
            Source::Estimated,
        ),
        (
            "no headers within the runtime's limit",
            sent(Met::RuntimeLimit),
            PROMPT,
            0.0,
            Source::Estimated,
        ),
        (
            "aborted before headers",
            sent(Met::Status(200)).cancelled(When::At(20), Cancelled::Aborted),
            PROMPT,
            0.0,
            Source::Estimated,
        ),
        (
            "aborted while it was read",
            answered(Reported::ByServer(10, 20)).cancelled(When::At(20), Cancelled::Aborted),
            PROMPT,
            3.0,
            Source::Estimated,
        ),
    ];
    for (name, plan, prompt, completion, source) in table {
        let world = World::run(&Scenario::with(once).call(plan));
        let usage = &world.settlement(0).usage;
        let told = (usage.prompt_tokens, usage.completion_tokens, usage.source);
        assert_eq!(told, (prompt, completion, source), "{name}");
    }
}

#[test]
fn what_was_never_sent_costs_nothing() {
    let scenario = Scenario::with(r#""limits":{"tokensPerMinute":5}"#).call(Plan::chat());
    let world = World::run(&scenario);
    let settlement = world.settlement(0);
    assert_eq!((settlement.attempts, settlement.key.as_str()), (0, ""));
    assert_eq!(
        (settlement.usage.prompt_tokens, settlement.outcome),
        (0.0, Outcome::Error)
    );
}

#[test]
fn the_last_response_names_the_request_and_the_provider() {
    let first = Reply::from(500)
        .header("x-request-id", "id-1")
        .header("x-inference-provider", "p");
    let plan = Plan::chat().met_by([first, Reply::from(200).header("x-amz-cf-id", "id-2")]);
    let world = World::run(&Scenario::with("").call(plan));
    let settlement = world.settlement(0);
    assert_eq!(settlement.request_id.as_deref(), Some("id-2"));
    assert_eq!(settlement.provider.as_deref(), Some("p"));
    assert_eq!(settlement.attempts, 2);
    assert_eq!(
        settlement.duration_ms,
        Millis(world.flights[0].ended_at as f64)
    );
}

#[test]
fn a_call_that_is_closed_again_gives_the_same_settlement_which_counts_once() {
    for plan in [Plan::chat(), Plan::chat().met_by([400])] {
        let world = World::run(
            &Scenario::with("")
                .call(plan)
                .call(Plan::chat().at(1_000_000)),
        );
        let call = world.flights[0].call.as_ref().unwrap();
        let end = End {
            outcome: Outcome::Aborted,
            finish_reason: Some("stop".to_string()),
            first_token_at: None,
        };
        let spent = |world: &World| {
            world
                .shared
                .spend(|spend| format!("{:?}", spend.snapshot()))
        };
        let before = spent(&world);
        for _ in 0..2 {
            let again = call.close(&end, world.now());
            assert_eq!(again.as_deref(), Some(world.settlement(0)));
        }
        assert_eq!(spent(&world), before);
        assert_eq!(world.shared.in_flight.get(), 0);
    }
}

#[test]
fn closing_a_look_into_the_catalogue_counts_as_no_call() {
    let world = World::new(&Scenario::with(""));
    let shared = world.shared.clone();
    let now = world.now();
    let chat = || Call::chat(&shared, HELLO, given(&shared), now).unwrap();
    let (one, look) = (
        chat(),
        Call::catalogue(&shared, "", shared.default_options(), now).unwrap(),
    );
    look.handle(0, Event::Begin, now, 0.5);
    let end = End {
        outcome: Outcome::Ok,
        finish_reason: None,
        first_token_at: None,
    };
    for _ in 0..2 {
        assert!(look.close(&end, now).is_none());
        assert_eq!(shared.in_flight.get(), 1);
        assert_eq!(shared.spend(|spend| spend.snapshot().requests), 0.0);
    }
    assert!(one.close(&end, now).is_some());
    assert_eq!(shared.in_flight.get(), 0);
}

#[test]
fn a_provider_is_known_by_a_pin_a_listing_or_a_header() {
    let named = Reply::from(200).header("x-inference-provider", "h");
    let unnamed = Reply::from(200);
    let pinned = r#""model":"org/name:p""#;
    let other = r#""baseURL":"http://127.0.0.1/v1""#;
    let elsewhere = [pinned, other].join(",");
    let listed = [&elsewhere, r#""pricing":"live""#].join(",");
    let table = [
        (r#""model":"org/name""#, &unnamed, None),
        (r#""model":"org/name""#, &named, Some("h")),
        (pinned, &unnamed, Some("p")),
        (pinned, &named, Some("p")),
        (r#""model":"org/name:fastest""#, &named, Some("h")),
        // Each server has its own meaning of a colon, unless its catalogue lists the provider.
        (&elsewhere, &unnamed, None),
        (&elsewhere, &named, Some("h")),
        (&listed, &unnamed, Some("p")),
    ];
    for (options, reply, provider) in table {
        let mut scenario = Scenario::with(options).prices_after(0);
        scenario.options.remove(0);
        let world = World::run(&scenario.call(Plan::chat().met_by([reply.clone()])));
        assert_eq!(
            world.settlement(0).provider.as_deref(),
            provider,
            "{options}"
        );
    }
}

#[test]
fn embeddings_of_several_requests_settle_once_with_the_sum() {
    let options = r#""embeddings":{"batchSize":2},"apiKeys":["hf_a","hf_b"]"#;
    let plan = Plan::new(Kind::Embeddings(5))
        .usage(Reported::ByServer(10, 0))
        .met_by([500]);
    let world = World::run(&Scenario::with(options).call(plan));
    let settlement = world.settlement(0);
    assert_eq!(settlement.kind, Settled::Embeddings);
    assert_eq!(
        (settlement.usage.prompt_tokens, settlement.attempts),
        (30.0, 4)
    );
    assert_eq!(settlement.outcome, Outcome::Ok);
}

#[test]
fn one_request_that_fails_ends_the_others() {
    let options = r#""embeddings":{"batchSize":1},"limits":{"maxConcurrent":2}"#;
    let replies = [Reply::from(200).after(80), Reply::from(400).after(30)];
    let world =
        World::run(&Scenario::with(options).call(Plan::new(Kind::Embeddings(4)).met_by(replies)));
    let settlement = world.settlement(0);
    assert_eq!(
        (settlement.outcome, settlement.attempts),
        (Outcome::Error, 2)
    );
    assert_eq!(world.flights[0].ended_at, 31);
}

#[test]
fn a_look_into_the_catalogue_is_neither_limited_nor_settled() {
    let limits = r#""limits":{"requestsPerMinute":1,"maxConcurrent":1,"onLimit":"error"}"#;
    let scenario = (0..3).fold(Scenario::with(limits), |scenario, _| {
        scenario.call(Plan::new(Kind::Catalogue))
    });
    let world = World::run(&scenario.call(Plan::chat()));
    for call in 0..3 {
        assert_eq!(world.story(call), "send hf_a, answer");
        assert!(world.flights[call].settlement.is_none());
    }
    assert_eq!(world.story(3), "send hf_a, answer");
}

#[test]
fn a_settlement_waits_for_live_prices_and_a_budget_for_them_before_it_sends() {
    let live = r#""pricing":"live""#;
    let world = World::run(&Scenario::with(live).prices_after(5_000).call(Plan::chat()));
    assert_eq!(world.story(0), "send hf_a, answer");
    assert_eq!(world.settlement(0).cost.usd, Some(Usd(50e-6)));
    let budget = format!(r#"{live},"budget":{{"usd":1,"per":"day"}}"#);
    let world = World::run(
        &Scenario::with(&budget)
            .prices_after(5_000)
            .call(Plan::chat()),
    );
    assert_eq!(world.story(0), "prices, send hf_a, answer");
    assert_eq!(world.times(0, "send"), [5_000]);
    let world = World::run(&Scenario::with(&budget).call(Plan::chat()));
    assert_eq!(world.story(0), "prices, ConfigError");
}

#[test]
fn a_budget_without_a_price_refuses_the_call() {
    let scenario = Scenario::with(r#""budget":{"usd":1,"per":"day"}"#).call(Plan::chat());
    let world = World::run(&scenario);
    let refused = world.flights[0].refused.as_ref().unwrap();
    assert_eq!(refused.path.as_deref(), Some("pricing"));
}

#[test]
fn a_budget_is_charged_what_was_used_and_not_what_was_held() {
    let options = r#""pricing":{"inputPerMillion":0,"outputPerMillion":1},"budget":{"usd":0.0007,"per":"total"}"#;
    let plan = || {
        Plan::chat()
            .max_tokens(600)
            .usage(Reported::ByServer(1, 60))
    };
    let scenario = Scenario::with(options)
        .call(plan().met_by([500, 500]))
        .call(plan().at(5_000));
    let world = World::run(&scenario.call(plan().at(6_000)));
    let told: Vec<String> = (0..3).map(|call| world.story(call)).collect();
    assert!(
        told[0].ends_with("answer") && told[1] == "send hf_a, answer",
        "{told:?}"
    );
    assert_eq!(told[2], "BudgetExceededError");
}
