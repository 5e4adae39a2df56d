//! The budget reserves the most expensive candidate's price and books that of the candidate that answered.

use hfetch::call::{Call, Event};
use hfetch::unit::{Usd, WallTime};

use super::offers::CATALOGUE;
use super::world::{Client, Say};

const BODY: &str = r#"{"messages":[{"role":"user","content":"Hello"}],"max_tokens":1000000}"#;

#[test]
fn a_budget_holds_the_dearest_candidate() {
    // A million tokens of the answer cost 0.3 at the cheapest candidate and 9 at the most expensive.
    for (usd, is_sent) in [(8.9, false), (9.1, true)] {
        let options = format!(
            r#","pricing":"live","budget":{{"usd":{usd},"per":"total"}},"route":{{"sort":"cost","ignore":["silent"]}}"#
        );
        let mut client = Client::new(&options).knowing(CATALOGUE);
        let call = Call::chat(
            &client.shared,
            BODY,
            client.given("{}"),
            WallTime(client.now),
        )
        .unwrap();
        let came = client.run(&call, &mut |_| Say::Ok);
        assert_eq!(came.failure.is_none(), is_sent, "{usd}");
    }
}

#[test]
fn what_is_settled_is_the_price_of_who_answered() {
    let options = r#","pricing":"live","budget":{"usd":20,"per":"total"},"route":{"sort":"cost"}"#;
    let mut client = Client::new(options).knowing(CATALOGUE);
    for _ in 0..5 {
        let call = Call::chat(
            &client.shared,
            BODY,
            client.given("{}"),
            WallTime(client.now),
        )
        .unwrap();
        let came = client.run(&call, &mut |model| match model {
            "org/a:cheap" => Say::Status(500),
            _ => Say::Ok,
        });
        // 12 tokens at 1 per million; each call must find room for 9 again.
        assert_eq!(came.settlement.cost.usd, Some(Usd(1.2e-5)));
    }
    // A budget can't hold a candidate without a price, so that one isn't asked.
    let call = Call::chat(
        &client.shared,
        BODY,
        client.given("{}"),
        WallTime(client.now),
    )
    .unwrap();
    let came = client.run(&call, &mut |_| Say::Status(501));
    assert!(!came.story().contains("silent"), "{}", came.story());
    drop(call.handle(0, Event::Begin, WallTime(client.now), 0.5));
}

#[test]
fn what_an_earlier_candidate_took_counts_by_its_own_price() {
    let options = r#","pricing":"live","budget":{"usd":20,"per":"total"},"route":{"order":["dear"],"sort":"cost"}"#;
    let mut client = Client::new(options).knowing(CATALOGUE);
    let call = Call::chat(
        &client.shared,
        BODY,
        client.given("{}"),
        WallTime(client.now),
    )
    .unwrap();
    let prompt = call.prompt_tokens(0) as f64;
    let came = client.run(&call, &mut |model| match model {
        "org/a:dear" => Say::Silence,
        _ => Say::Ok,
    });
    assert_eq!(came.story(), "org/a:dear org/a:cheap");
    // The prompt at 3 per million, and then 5 tokens at 0.1 and 7 at 0.3.
    let usd = came.settlement.cost.usd.unwrap().0;
    let wanted = (prompt * 3.0 + 5.0 * 0.1 + 7.0 * 0.3) / 1e6;
    assert!((usd - wanted).abs() < 1e-15, "{usd} {wanted}");
}
