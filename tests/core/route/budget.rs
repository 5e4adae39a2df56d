//! However several calls fail over at the same time, their total cost stays within the budget, and it equals the sum of the
//! settlements.

use hfetch::call::account::Told;
use hfetch::call::head::Head;
use hfetch::call::settlement::End;
use hfetch::call::{Call, Event, Lost, Step};
use hfetch::policy::ledger::Outcome;
use hfetch::unit::WallTime;
use proptest::prelude::*;

use super::offers::CATALOGUE;
use super::world::Client;

const BODY: &str = r#"{"messages":[{"role":"user","content":"Hello"}],"max_tokens":1000}"#;

/// About one of the most expensive answers, and three.
const BUDGETS: [f64; 3] = [0.0095, 0.0285, 0.003];

fn route() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just(r#"{"sort":"cost","models":["org/b"]}"#),
        Just(r#"{"order":["dear"]}"#),
        Just(r#"{"sort":"ttft","ignore":["dear"]}"#),
        Just(r#"{"models":["org/b"]}"#),
    ]
}

/// The next step after the server's reaction; `None`: its answer takes time.
fn next(call: &Call, choice: u8, now: f64) -> Option<Step> {
    let hear = |event: Event<'_>| call.handle(0, event, WallTime(now), 0.5);
    let failed = |status| {
        let step = hear(Event::Head(Head::new(status, "")));
        match step {
            Step::ReadError { .. } => hear(Event::ErrorBody(b"{}")),
            step => step,
        }
    };
    match choice % 6 {
        0 | 1 => Some(hear(Event::Head(Head::new(200, "")))),
        2 => Some(failed(500)),
        3 => Some(failed(429)),
        4 => Some(hear(Event::Lost(Lost::TimedOut))),
        _ => None,
    }
}

proptest! {
    #[test]
    fn no_order_of_candidates_overspends(
        budget in 0usize..3,
        calls in proptest::collection::vec((route(), proptest::collection::vec(any::<u8>(), 1..6)), 1..12),
    ) {
        let budget = BUDGETS[budget];
        let options = format!(
            r#","pricing":"live","budget":{{"usd":{budget},"per":"total"}},"limits":{{"onLimit":"error"}}"#
        );
        let client = Client::new(&options).knowing(CATALOGUE);
        let now = client.now;
        // All calls run at the same time, and take turns.
        let mut flights: Vec<_> = calls
            .iter()
            .map(|(route, choices)| {
                let own = client.given(&format!(r#"{{"route":{route}}}"#));
                let call = Call::chat(&client.shared, BODY, own, WallTime(now)).unwrap();
                let step = call.handle(0, Event::Begin, WallTime(now), 0.5);
                (call, step, choices)
            })
            .collect();
        for turn in 0..5 {
            for (call, step, choices) in &mut flights {
                if let (Step::Send { .. }, Some(choice)) = (&*step, choices.get(turn)) {
                    *step = next(call, *choice, now).unwrap_or(Step::Send { index: 0, key: None });
                }
            }
        }
        let mut usd = 0.0;
        for (call, step, _) in &flights {
            let answered = matches!(step, Step::Deliver);
            if answered {
                let told = Told { prompt: Some(5.0), completion: Some(1_000.0), ..Told::default() };
                call.took(0, told, None, WallTime(now));
            }
            let outcome = if answered { Outcome::Ok } else { Outcome::Error };
            let end = End { outcome, finish_reason: None, first_token_at: None };
            let settlement = call.close(&end, WallTime(now)).unwrap();
            usd += settlement.cost.usd.unwrap_or_default().0;
        }
        prop_assert!(usd <= budget + 1e-12, "{usd} of {budget}");
        let spent = serde_json::to_value(client.shared.spend(|spend| spend.snapshot())).unwrap();
        prop_assert!((spent["usd"].as_f64().unwrap() - usd).abs() < 1e-9, "{spent} {usd}");
    }
}
