//! The amounts booked for an answer, whatever its server reports and wherever the answer broke off.

use std::rc::Rc;

use hfetch::call::account::Told;
use hfetch::call::failure::Cancelled;
use hfetch::call::head::Head;
use hfetch::call::open::Given;
use hfetch::call::settlement::End;
use hfetch::call::shared::{Host, Shared};
use hfetch::call::{Call, Event, Step};
use hfetch::config::{Config, KeySource};
use hfetch::json;
use hfetch::policy::ledger::{Outcome, Settlement, Source};
use hfetch::unit::{Millis, Usd, WallTime};
use proptest::prelude::*;

const HELLO: &str = r#"{"messages":[{"role":"user","content":"Hello"}],"max_tokens":100}"#;
/// The estimated tokens of that prompt.
const PROMPT: f64 = 9.0;

fn client(more: &str) -> Rc<Shared> {
    let options = format!(r#"{{"apiKey":"hf_a","model":"org/name"{more}}}"#);
    let options = json::parse(options.as_bytes()).unwrap();
    let config = Config::from_options(&options, &KeySource::None).unwrap();
    let host = Host {
        wakes_across_requests: true,
        has_store: false,
        counts_places_of_keys: false,
    };
    Rc::new(Shared::new(config, host))
}

fn begin(shared: &Rc<Shared>, body: &str) -> Option<Call> {
    let given = Given {
        options: shared.default_options(),
        parts: Vec::new(),
        metered: false,
        max_tokens: None,
        max_choices: None,
        address: None,
    };
    let call = Call::chat(shared, body, given, WallTime(0.0)).unwrap();
    match call.handle(0, Event::Begin, WallTime(0.0), 0.5) {
        Step::Send { .. } => {
            call.handle(0, Event::Head(Head::new(200, "")), WallTime(1.0), 0.5);
            Some(call)
        }
        _ => None,
    }
}

fn close(call: &Call) -> Rc<Settlement> {
    let end = End {
        outcome: Outcome::Ok,
        finish_reason: None,
        first_token_at: None,
    };
    call.close(&end, WallTime(2.0)).unwrap()
}

/// Books an answer as the bindings do: the server's report if the end was seen, otherwise the larger of report and estimate.
fn booked(call: &Call, told: Told, whole: bool, delivered: u64) -> Rc<Settlement> {
    if !whole || !call.took(0, told, None, WallTime(2.0)) {
        assert!(call.took(0, told, Some(delivered), WallTime(2.0)));
    }
    close(call)
}

fn told(prompt: f64, completion: f64) -> Told {
    Told {
        prompt: Some(prompt),
        completion: Some(completion),
        ..Told::default()
    }
}

#[test]
fn what_can_be_right_is_booked_and_what_cannot_is_estimated() {
    let nan = f64::NAN;
    let some = |prompt, completion, total, said| Told {
        prompt,
        completion,
        total,
        said,
    };
    // [report, whether the end was seen, estimate of what arrived] → [prompt, completion, source, doubt]
    let table = [
        (told(5.0, 7.0), true, 3, 5.0, 7.0, true, None),
        (
            some(Some(5.0), None, Some(12.0), 8),
            true,
            3,
            5.0,
            7.0,
            true,
            None,
        ),
        (
            some(None, Some(7.0), Some(12.0), 8),
            true,
            3,
            5.0,
            7.0,
            true,
            None,
        ),
        // Reasoning that wasn't sent, and a server that ignores the maximum.
        (told(5.0, 30_000.0), true, 3, 5.0, 30_000.0, true, None),
        (
            some(Some(5.0), Some(90_000.0), None, 400_000),
            true,
            3,
            5.0,
            90_000.0,
            true,
            None,
        ),
        // A missing count.
        (Told::default(), true, 3, PROMPT, 3.0, false, None),
        (
            some(Some(5.0), None, None, 8),
            true,
            3,
            PROMPT,
            3.0,
            false,
            None,
        ),
        (
            some(None, Some(7.0), None, 8),
            true,
            3,
            PROMPT,
            7.0,
            false,
            None,
        ),
        // A count of 0 for something that exists.
        (told(0.0, 7.0), true, 3, PROMPT, 7.0, false, None),
        (
            some(Some(0.0), Some(0.0), Some(0.0), 2),
            true,
            1,
            PROMPT,
            1.0,
            false,
            None,
        ),
        (
            some(None, Some(7.0), Some(7.0), 8),
            true,
            3,
            PROMPT,
            7.0,
            false,
            None,
        ),
        (
            some(Some(5.0), Some(0.0), Some(5.0), 2),
            true,
            1,
            PROMPT,
            1.0,
            false,
            None,
        ),
        (told(5.0, 0.0), true, 0, 5.0, 0.0, true, None),
        // The end wasn't seen: for the prompt and the answer, the larger number counts.
        (told(0.0, 0.0), false, 50, PROMPT, 50.0, false, None),
        (told(20.0, 0.0), false, 50, 20.0, 50.0, false, None),
        (told(0.0, 80.0), false, 50, PROMPT, 80.0, false, None),
        (told(20.0, 80.0), false, 50, 20.0, 80.0, true, None),
        // Values that are no number, or can't be right.
        (
            told(-1.0, 7.0),
            true,
            3,
            PROMPT,
            3.0,
            false,
            Some("prompt_tokens"),
        ),
        (
            told(nan, 7.0),
            true,
            3,
            PROMPT,
            3.0,
            false,
            Some("prompt_tokens"),
        ),
        (
            told(1e12, 7.0),
            true,
            3,
            PROMPT,
            3.0,
            false,
            Some("prompt_tokens"),
        ),
        (
            told(5.0, -7.0),
            true,
            3,
            PROMPT,
            3.0,
            false,
            Some("completion_tokens"),
        ),
        (
            told(5.0, nan),
            true,
            3,
            PROMPT,
            3.0,
            false,
            Some("completion_tokens"),
        ),
        (
            told(5.0, 1e9),
            true,
            3,
            PROMPT,
            3.0,
            false,
            Some("completion_tokens"),
        ),
        (
            told(5.0, f64::INFINITY),
            false,
            3,
            PROMPT,
            3.0,
            false,
            Some("completion_tokens"),
        ),
        (
            some(Some(5.0), Some(7.0), Some(-1.0), 8),
            true,
            3,
            PROMPT,
            3.0,
            false,
            Some("total_tokens"),
        ),
        (
            some(Some(5.0), None, Some(1e18), 8),
            true,
            3,
            PROMPT,
            3.0,
            false,
            Some("total_tokens"),
        ),
        // Counted before the answer arrived, and not again.
        (
            some(Some(5.0), Some(0.0), None, 4_000),
            true,
            900,
            PROMPT,
            900.0,
            false,
            Some("completion_tokens"),
        ),
        (
            some(Some(5.0), Some(1.0), None, 4_000),
            true,
            900,
            PROMPT,
            900.0,
            false,
            Some("completion_tokens"),
        ),
    ];
    for (told, whole, delivered, prompt, completion, reported, doubt) in table {
        let shared = client("");
        let call = begin(&shared, HELLO).unwrap();
        let usage = booked(&call, told, whole, delivered).usage;
        let counts = (usage.prompt_tokens, usage.completion_tokens);
        assert_eq!(counts, (prompt, completion), "{told:?}");
        assert_eq!(usage.source == Source::Reported, reported, "{told:?}");
        assert_eq!(usage.doubt, doubt, "{told:?}");
    }
}

/// Any count that a server may report.
fn count() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        Just(None),
        Just(Some(f64::NAN)),
        Just(Some(f64::INFINITY)),
        (-10i32..200_000).prop_map(|count| Some(f64::from(count))),
        any::<f64>().prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_is_free_or_dearer_than_it_can_have_been(
        (prompt, completion, total) in (count(), count(), count()),
        said in 0usize..20_000,
        whole in any::<bool>(),
    ) {
        let shared = client("");
        let call = begin(&shared, HELLO).unwrap();
        let delivered = said.div_ceil(4) as u64;
        let usage = booked(&call, Told { prompt, completion, total, said }, whole, delivered).usage;
        let (prompt, completion) = (usage.prompt_tokens, usage.completion_tokens);
        prop_assert!(prompt <= HELLO.len() as f64 + 100.0 + 16_384.0);
        prop_assert!(completion <= 100.0 + 32_768.0 + said as f64);
        prop_assert!(completion >= (said / 64) as f64);
        if !whole || usage.source == Source::Estimated {
            prop_assert!(completion >= delivered as f64 || whole);
        }
        if !whole {
            prop_assert!(prompt >= PROMPT && completion >= delivered as f64);
        }
    }

    #[test]
    fn one_absurd_answer_closes_no_budget(prompt in 1e6..1e18f64, completion in 1e6..1e18f64) {
        let budget = r#","pricing":{"inputPerMillion":1,"outputPerMillion":1},"budget":{"usd":1,"per":"month"}"#;
        let shared = client(budget);
        for told in [told(prompt, 7.0), told(7.0, completion), told(prompt, completion)] {
            let call = begin(&shared, HELLO).unwrap();
            let settlement = booked(&call, told, true, 3);
            prop_assert!(settlement.cost.usd.unwrap() < Usd(0.001), "{:?}", settlement);
            prop_assert!(settlement.usage.doubt.is_some());
        }
        prop_assert!(begin(&shared, HELLO).is_some());
    }
}

#[test]
fn what_a_budget_holds_is_what_the_server_is_told() {
    let budget = r#","pricing":{"inputPerMillion":0,"outputPerMillion":1},"budget":{"usd":0.01,"per":"month"}"#;
    let m = r#""messages":[{"role":"user","content":"Hello"}]"#;
    for (given, sent, fits) in [
        ("", r#""max_tokens":4096"#, 2),
        (r#","max_tokens":2500"#, r#""max_tokens":2500"#, 4),
        (r#","n":2"#, r#""max_tokens":4096"#, 1),
        (r#","best_of":2"#, r#""max_tokens":4096"#, 1),
        (
            r#","max_tokens":2500,"extra_body":{"best_of":4}"#,
            r#""max_tokens":2500"#,
            1,
        ),
        (
            r#","max_tokens":1,"options":{"num_predict":2500}"#,
            r#""max_tokens":1"#,
            4,
        ),
        (r#","max_tokens":-1"#, r#""max_tokens":4096"#, 2),
    ] {
        let shared = client(budget);
        let body = format!("{{{m}{given}}}");
        let calls: Vec<Call> = (0..9).map_while(|_| begin(&shared, &body)).collect();
        assert_eq!(calls.len(), fits, "{given}");
        let right = |body: Option<&str>| body.is_some_and(|body| body.contains(sent));
        assert!(calls[0].requests[0].body(right), "{given}");
    }
}

type Row<'a> = (&'a str, &'a str, &'a dyn Fn(&Call), usize);

#[test]
fn a_whole_answer_that_nobody_saw_counts_with_budgets_and_limits_as_what_was_reserved() {
    let budget = r#","pricing":{"inputPerMillion":0,"outputPerMillion":1},"budget":{"usd":0.00025,"per":"month"}"#;
    let limit = r#","limits":{"tokensPerMinute":1000,"onLimit":"error"}"#;
    let stream = HELLO.replace("100}", r#"100,"stream":true}"#);
    let large = HELLO.replace("100", "9000");
    let give_up = |call: &Call| drop(call.cancelled(Cancelled::Aborted, Millis(0.0)));
    let misread = |call: &Call| drop(call.unexpected(b"<html>"));
    // [limits, body, how the call ended] → how many such calls fit
    let table: [Row<'_>; 5] = [
        (budget, HELLO, &give_up, 2),
        (budget, &stream, &give_up, 99),
        // The end was seen, and the body was no answer.
        (budget, HELLO, &misread, 99),
        (limit, HELLO, &give_up, 9),
        // The call held only a quarter of the limit, so a caller who leaves doesn't block the others.
        (limit, &large, &give_up, 3),
    ];
    for (limits, body, end, fits) in table {
        let shared = client(limits);
        let calls = (0..99).map_while(|_| {
            let call = begin(&shared, body)?;
            end(&call);
            Some(close(&call).usage.completion_tokens)
        });
        assert_eq!(
            calls.collect::<Vec<_>>(),
            vec![0.0; fits],
            "{limits} {body}"
        );
    }
}
