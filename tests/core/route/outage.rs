//! One of three providers answers half of all requests with a 429 without Retry-After, and the others answer all: the results of
//! 1,000 calls.
//! `cargo test route::outage -- --nocapture` prints the table.

use super::world::{Client, Say};

const CATALOGUE: &str = r#"{"data":[{"id":"org/a","providers":[
  {"provider":"one","status":"live","throughput":300},
  {"provider":"two","status":"live","throughput":200},
  {"provider":"three","status":"live","throughput":100}]}]}"#;

/// The results of one client's calls.
struct Became {
    answered: usize,
    pauses: f64,
    requests: u32,
}

fn thousand_calls(options: &str) -> Became {
    let mut client = Client::new(options).knowing(CATALOGUE);
    let mut random = 7u64;
    let mut became = Became {
        answered: 0,
        pauses: 0.0,
        requests: 0,
    };
    for _ in 0..1_000 {
        let came = client.chat("{}", &mut |model| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let is_first = matches!(model, "org/a" | "org/a:one");
            match is_first && (random >> 33).is_multiple_of(2) {
                true => Say::Status(429),
                false => Say::Ok,
            }
        });
        became.answered += usize::from(came.failure.is_none());
        became.pauses += came.pauses;
        became.requests += came.settlement.attempts;
        // A second passes between two calls, and an old catalogue is read again.
        client.now += 1_000.0;
        client.learn(CATALOGUE);
    }
    became
}

#[test]
fn a_route_answers_all_calls_where_one_provider_refuses_half_of_them() {
    let table = [
        ("no retry, no route", r#","retry":false"#),
        ("three tries, no route", ""),
        ("three tries and a route", r#","route":{"sort":"tps"}"#),
    ];
    println!("| client | answered of 1,000 | requests | paused, ms a call |");
    println!("|---|---|---|---|");
    let rows = table.map(|(name, options)| {
        let became = thousand_calls(options);
        println!(
            "| {name} | {} | {} | {:.0} |",
            became.answered,
            became.requests,
            became.pauses / 1_000.0
        );
        became
    });
    let [bare, retrying, routed] = rows;
    assert!((400..600).contains(&bare.answered), "{}", bare.answered);
    assert!(retrying.answered < 1_000 && retrying.pauses > 500_000.0);
    assert_eq!((routed.answered, routed.pauses), (1_000, 0.0));
    assert!(routed.requests < 1_050, "{}", routed.requests);
}
