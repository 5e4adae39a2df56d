//! A cost that the server reports wins over any price; cached and reasoning tokens are kept.

use std::rc::Rc;

use hfetch::call::Call;
use hfetch::call::Event;
use hfetch::call::account::Told;
use hfetch::call::head::Head;
use hfetch::call::settlement::End;
use hfetch::json;
use hfetch::policy::cost::Source;
use hfetch::policy::ledger::{Outcome, Settlement};
use hfetch::unit::{Usd, WallTime};
use hfetch::wire::completion::Completion;
use hfetch::wire::usage::Beside;

use super::world::Client;

const BODY: &str = r#"{"messages":[{"role":"user","content":"Hello"}],"max_tokens":10}"#;
const PRICED: &str = r#","pricing":{"inputPerMillion":1000000,"outputPerMillion":0}"#;

fn settled(client: &Client, usage: &str) -> Rc<Settlement> {
    let call = Call::chat(
        &client.shared,
        BODY,
        client.given("{}"),
        WallTime(client.now),
    )
    .unwrap();
    call.handle(0, Event::Begin, WallTime(client.now), 0.5);
    call.handle(
        0,
        Event::Head(Head::new(200, "")),
        WallTime(client.now),
        0.5,
    );
    call.told_beside(Beside::of(&json::parse(usage.as_bytes()).unwrap()));
    let told = Told {
        prompt: Some(2.0),
        completion: Some(3.0),
        ..Told::default()
    };
    assert!(call.took(0, told, None, WallTime(client.now)));
    let end = End {
        outcome: Outcome::Ok,
        finish_reason: None,
        first_token_at: None,
    };
    call.close(&end, WallTime(client.now)).unwrap()
}

#[test]
fn a_cost_that_is_an_amount_wins_over_the_price() {
    let client = Client::new(PRICED);
    for (usage, usd, source) in [
        (r#"{"cost":0.5}"#, 0.5, Source::Reported),
        (r#"{"cost":0}"#, 0.0, Source::Reported),
        (r#"{"estimated_cost":0.25}"#, 0.25, Source::Reported),
        (
            r#"{"cost":0.5,"estimated_cost":0.25}"#,
            0.5,
            Source::Reported,
        ),
        (
            r#"{"cost":null,"estimated_cost":0.25}"#,
            0.25,
            Source::Reported,
        ),
        (
            r#"{"cost":-1,"estimated_cost":"0.25"}"#,
            2.0,
            Source::Configured,
        ),
        (r#"{"cost":1e999}"#, 2.0, Source::Configured),
        ("{}", 2.0, Source::Configured),
    ] {
        let cost = settled(&client, usage).cost;
        assert_eq!((cost.usd, cost.source), (Some(Usd(usd)), source), "{usage}");
    }
}

#[test]
fn it_is_what_the_budget_is_charged() {
    let options = format!(r#"{PRICED},"budget":{{"usd":20,"per":"total"}}"#);
    let client = Client::new(&options);
    for _ in 0..40 {
        assert_eq!(settled(&client, r#"{"cost":0.01}"#).attempts, 1);
    }
}

#[test]
fn cached_and_reasoning_tokens_are_kept() {
    let client = Client::new("");
    let details = |usage: &str| {
        let usage = settled(&client, usage).usage;
        (
            usage.prompt_tokens_details.map(|of| of.cached_tokens),
            usage
                .completion_tokens_details
                .map(|of| of.reasoning_tokens),
        )
    };
    let openai = r#"{"prompt_tokens_details":{"cached_tokens":2},"completion_tokens_details":{"reasoning_tokens":1}}"#;
    assert_eq!(details(openai), (Some(2.0), Some(1.0)));
    let responses = r#"{"input_tokens_details":{"cached_tokens":2},"output_tokens_details":{"reasoning_tokens":1}}"#;
    assert_eq!(details(responses), (Some(2.0), Some(1.0)));
    assert_eq!(details(r#"{"cached_tokens":1}"#), (Some(1.0), None));
    assert_eq!(
        details(r#"{"prompt_cache_hit_tokens":1}"#),
        (Some(1.0), None)
    );
    assert_eq!(details(r#"{"prompt_tokens_details":null}"#), (None, None));
}

#[test]
fn a_stream_tells_it_too() {
    let chunk = r#"{"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3,"cost":0.5,"prompt_tokens_details":{"cached_tokens":1}}}"#;
    let mut completion = Completion::default();
    let mut fields = Vec::new();
    hfetch::wire::chunk::read(chunk.as_bytes(), &mut fields).unwrap();
    completion.apply(chunk.as_bytes(), &fields);
    let (_, beside) = completion.told();
    assert_eq!(
        (beside.usd, beside.cached, beside.reasoning),
        (Some(Usd(0.5)), Some(1.0), None)
    );
}
