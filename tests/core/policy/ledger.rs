//! The form of a settlement, and exact sums.

use hfetch::policy::cost::{Cost, Rates, Source as Price};
use hfetch::policy::ledger::{Kind, Outcome, Settlement, Source, Spend, Usage};
use hfetch::unit::{Millis, Usd, WallTime};

fn settlement(prompt: f64, completion: f64, cost: Cost) -> Settlement {
    Settlement {
        outcome: Outcome::Ok,
        finish_reason: Some("stop".to_string()),
        kind: Kind::Chat,
        model: "org/model".to_string(),
        provider: None,
        key: "huggingface-ba7816bf".to_string(),
        usage: Usage {
            prompt_tokens_details: None,
            completion_tokens_details: None,
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: prompt + completion,
            source: Source::Reported,
            doubt: None,
        },
        cost,
        tried: Vec::new(),
        attempts: 1,
        request_id: None,
        started_at: WallTime(1_795_305_600_000.0),
        first_token_ms: Some(Millis(12.5)),
        duration_ms: Millis(40.0),
    }
}

#[test]
fn a_settlement_has_the_public_shape() {
    let text = serde_json::to_string(&settlement(3.0, 4.0, Cost::unknown())).unwrap();
    let expected = concat!(
        r#"{"outcome":"ok","finishReason":"stop","kind":"chat","model":"org/model","provider":null,"key":"huggingface-ba7816bf","#,
        r#""usage":{"prompt_tokens":3.0,"completion_tokens":4.0,"total_tokens":7.0,"source":"reported"},"#,
        r#""cost":{"usd":null,"inputUsd":null,"outputUsd":null,"source":"unknown"},"#,
        r#""attempts":1,"tried":[],"requestId":null,"startedAt":1795305600000.0,"firstTokenMs":12.5,"durationMs":40.0}"#,
    );
    assert_eq!(text, expected);
    let names = serde_json::to_string(&(
        [
            Outcome::Ok,
            Outcome::Aborted,
            Outcome::Truncated,
            Outcome::Error,
        ],
        [Kind::Chat, Kind::Embeddings, Kind::Responses, Kind::Rerank],
        [Source::Reported, Source::Estimated],
    ));
    assert_eq!(
        names.unwrap(),
        r#"[["ok","aborted","truncated","error"],["chat","embeddings","responses","rerank"],["reported","estimated"]]"#
    );
}

#[test]
fn spend_is_the_sum_of_the_settlements() {
    let rates = Rates {
        input_per_million: 0.1,
        output_per_million: 0.2,
    };
    let mut spend = Spend::default();
    for _ in 0..1_000 {
        spend.add(&settlement(
            1.0,
            1.0,
            rates.cost(1.0, 1.0, Price::Configured),
        ));
    }
    spend.add(&settlement(5.0, 0.0, Cost::unknown()));
    let text = serde_json::to_string(&spend.snapshot()).unwrap();
    // A thousand times 3e-7, without the error of adding binary fractions.
    assert_eq!(
        text,
        r#"{"usd":0.0003,"unpriced":1.0,"requests":1001.0,"promptTokens":1005.0,"completionTokens":1000.0}"#
    );
}

#[test]
fn sums_never_overflow() {
    let rates = Rates {
        input_per_million: 1e9,
        output_per_million: 1e9,
    };
    let mut spend = Spend::default();
    for count in [1e300, f64::INFINITY, f64::NAN, -5.0] {
        spend.add(&settlement(
            count,
            count,
            rates.cost(count, count, Price::Live),
        ));
        spend.add(&settlement(
            count,
            count,
            rates.cost(count, count, Price::Live),
        ));
    }
    let snapshot = spend.snapshot();
    assert_eq!(snapshot.prompt_tokens, u64::MAX as f64);
    assert_eq!(snapshot.usd, Usd(u64::MAX as f64 / 1e12));
}
