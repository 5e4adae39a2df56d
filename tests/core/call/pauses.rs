//! The effect of a server's pause: it blocks the key for the requested model, and more only if a header says so.

use crate::simulation::World;
use crate::simulation::scenario::{Kind, Plan, Reply, Scenario};
use hfetch::unit::Millis;

const FAILS: &str = r#""retry":false,"limits":{"onLimit":"error"}"#;

fn busy(at: u64) -> Plan {
    Plan::chat().at(at).model("busy/model").reads_for(0)
}

/// After a reply to `busy/model`: the stories of a call for another model and of one for the same model, with limits in memory and
/// in a store.
fn after(options: &str, reply: &Reply) -> [String; 2] {
    let scenario = Scenario::with(options).call(busy(0).met_by([reply.clone()]));
    let scenario = scenario
        .call(Plan::chat().at(1_000).reads_for(0))
        .call(busy(2_000));
    let stories = |world: World| [world.story(1), world.story(2)];
    let alone = stories(World::run(&scenario));
    let shared = stories(World::run(&scenario.store(&[])));
    assert_eq!(
        alone,
        shared.map(|story| story
            .replace("reserve hf_a, ", "")
            .replace("reserve hf_b, ", ""))
    );
    alone
}

#[test]
fn a_pause_is_of_the_model_that_was_asked() {
    for status in [429, 503] {
        let day = Reply::from(status).header("retry-after", "86400");
        assert_eq!(
            after(FAILS, &day),
            ["send hf_a, answer", "RateLimitError"],
            "{status}"
        );
    }
    let two = r#""apiKeys":["hf_a","hf_b"],"retry":false,"limits":{"onLimit":"error"}"#;
    let day = Reply::from(429).header("retry-after", "86400");
    // The other key has no pause for it.
    assert_eq!(after(two, &day), ["send hf_b, answer", "send hf_b, answer"]);
}

#[test]
fn a_spent_window_is_the_keys_whoever_asked() {
    let table = [
        (200, "ratelimit", "\"api\";r=0;t=50"),
        (429, "ratelimit", "\"api\";r=0;t=50"),
        (500, "ratelimit", "\"api\";r=0;t=50"),
    ];
    for (status, name, value) in table {
        let spent = Reply::from(status).header(name, value);
        let told = after(FAILS, &spent);
        assert_eq!(told, ["RateLimitError", "RateLimitError"], "{status}");
    }
    let left = Reply::from(429).header("ratelimit", "\"api\";r=1;t=50");
    assert_eq!(after(FAILS, &left)[0], "send hf_a, answer");
}

#[test]
fn a_key_rests_no_longer_than_its_window_and_the_model_as_long_as_was_asked() {
    let both = Reply::from(429)
        .header("retry-after", "86400")
        .header("ratelimit", "\"api\";r=0;t=1");
    // The window began anew at 1 s.
    let told = after(FAILS, &both);
    assert_eq!(told, ["RateLimitError", "RateLimitError"]);
    let scenario = Scenario::with(FAILS).call(busy(0).met_by([both]));
    let world = World::run(
        &scenario
            .call(Plan::chat().at(1_002).reads_for(0))
            .call(busy(1_002)),
    );
    assert_eq!(world.story(1), "send hf_a, answer");
    assert_eq!(world.story(2), "RateLimitError");
    assert_eq!(world.error(2).retry_after, Some(Millis(898_999.0)));
    // The server asks for the pause; it is no limit of a scope.
    assert_eq!(world.error(2).scope, None);
}

#[test]
fn the_catalogue_stops_nobody() {
    for status in [401, 402, 403, 429, 503] {
        let reply = Reply::from(status)
            .header("retry-after", "86400")
            .header("ratelimit", "\"api\";r=0;t=50");
        for options in [FAILS, r#""apiKeys":["hf_a","hf_b"],"retry":false"#] {
            let catalogue = Plan::new(Kind::Catalogue).met_by([reply.clone()]);
            let scenario = Scenario::with(options).call(catalogue);
            let world = World::run(&scenario.call(Plan::chat().at(1_000)));
            assert_eq!(world.story(1), "send hf_a, answer", "{status}");
        }
    }
}

#[test]
fn a_wrong_model_stops_nobody() {
    for status in [400, 404, 410, 413, 422] {
        let reply = Reply::from(status).header("retry-after", "86400");
        let told = after(FAILS, &reply);
        assert_eq!(told, ["send hf_a, answer", "send hf_a, answer"], "{status}");
    }
}

#[test]
fn a_gateways_places_are_each_keys() {
    let options = r#""apiKeys":["hf_a","hf_b"],"limits":{"maxConcurrent":1,"onLimit":"error"}"#;
    let calls = |scenario: Scenario| {
        let long = |at| Plan::chat().at(at).reads_for(10_000);
        World::run(&scenario.call(long(0)).call(long(1)).call(long(2)))
    };
    let world = calls(Scenario::with(options).gateway());
    assert_eq!(world.story(0), "send hf_a, answer");
    assert_eq!(world.story(1), "send hf_b, answer");
    assert_eq!(world.story(2), "LimitExceededError");
    assert_eq!(world.error(2).reason, Some("concurrent"));
    let world = calls(Scenario::with(options));
    assert_eq!(world.story(1), "LimitExceededError");
    // A call of several requests takes one place.
    let options = r#""limits":{"maxConcurrent":1,"onLimit":"error"},"embeddings":{"batchSize":1}"#;
    let plan = Plan::new(Kind::Embeddings(3));
    let world = World::run(&Scenario::with(options).gateway().call(plan));
    assert!(world.story(0).ends_with("answer"), "{}", world.story(0));
}
