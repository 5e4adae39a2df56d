//! The catalogue's offers: which may be asked, in what order, and why the others may not.

use hfetch::call::Call;
use hfetch::call::{Event, Step};
use hfetch::config::Route;
use hfetch::json;
use hfetch::unit::{Usd, WallTime};
use proptest::prelude::*;

use super::world::{Client, Say};

/// Four live offers and a failing one; one offer has no price, and one has no details at all.
pub const CATALOGUE: &str = r#"{"data":[
  {"id":"org/a","architecture":{"input_modalities":["text","image"]},"providers":[
    {"provider":"dear","status":"live","pricing":{"input":3,"output":9},"supports_tools":true,"supports_structured_output":true,
      "throughput":300,"first_token_latency_ms":100,"context_length":64000},
    {"provider":"cheap","status":"live","pricing":{"input":0.1,"output":0.3},"supports_tools":true,"throughput":50,
      "first_token_latency_ms":900,"context_length":8000},
    {"provider":"middle","status":"live","pricing":{"input":1,"output":1},"supports_tools":false,"throughput":100,
      "first_token_latency_ms":50,"context_length":128000},
    {"provider":"silent","status":"live"},
    {"provider":"broken","status":"error","pricing":{"input":0,"output":0}}]},
  {"id":"org/b","architecture":{"input_modalities":["text"]},"providers":[
    {"provider":"dear","status":"live","pricing":{"input":1,"output":2}}]}]}"#;

/// The candidates that a route asks in the first round, if all of them fail.
fn order(route: &str) -> String {
    let own = format!(r#"{{"route":{route},"retry":{{"maxAttempts":20}}}}"#);
    let mut client = Client::new("").knowing(CATALOGUE);
    let came = client.chat(&own, &mut |_| Say::Status(500));
    let round = came.story.iter().take_while(|sent| *sent != "~");
    let names = round.map(|sent| sent.strip_prefix("org/").unwrap_or(sent).to_string());
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_field_steers_who_is_asked() {
    for (route, wanted) in [
        (r#"{"sort":"cost"}"#, "a:cheap a:middle a:dear a:silent"),
        (r#"{"sort":"tps"}"#, "a:dear a:middle a:cheap a:silent"),
        (r#"{"sort":"ttft"}"#, "a:middle a:dear a:cheap a:silent"),
        (
            r#"{"order":["silent","nobody","cheap"]}"#,
            "a:silent a:cheap a:dear a:middle",
        ),
        (
            r#"{"order":["dear"],"sort":"cost"}"#,
            "a:dear a:cheap a:middle a:silent",
        ),
        (r#"{"only":["cheap","broken"]}"#, "a:cheap"),
        (r#"{"ignore":["cheap","dear"]}"#, "a:middle a:silent"),
        (r#"{"has":["tools"],"sort":"cost"}"#, "a:cheap a:dear"),
        (r#"{"has":["tools","structured-output"]}"#, "a:dear"),
        (r#"{"maxPrice":{"inputPerMillion":1}}"#, "a:middle a:cheap"),
        (r#"{"maxPrice":{"outputPerMillion":0.3}}"#, "a:cheap"),
        (r#"{"maxFirstTokenMs":100}"#, "a:dear a:middle"),
        (r#"{"minThroughput":100}"#, "a:dear a:middle"),
        (r#"{"minContext":64000}"#, "a:dear a:middle"),
        (
            r#"{"has":["vision"],"models":["org/b"],"only":["dear"]}"#,
            "a:dear",
        ),
        (r#"{"models":["org/b"],"only":["dear"]}"#, "a:dear b:dear"),
        (r#"{"models":["org/a:middle"],"only":["dear"]}"#, "a:dear"),
        (
            r#"{"models":["org/none"],"sort":"cost","ignore":["silent"]}"#,
            "a:cheap a:middle a:dear",
        ),
    ] {
        assert_eq!(order(route), wanted, "{route}");
    }
}

#[test]
fn a_route_that_nobody_fits_names_the_condition_that_ruled_out_the_last() {
    for (route, path, words) in [
        (
            r#"{"only":["nobody"]}"#,
            "route.only",
            "status rules out 1, only rules out 4",
        ),
        (
            r#"{"ignore":["cheap"],"maxPrice":{"inputPerMillion":0.5}}"#,
            "route.maxPrice",
            "status rules out 1, ignore rules out 1, maxPrice rules out 3",
        ),
        (
            r#"{"has":["structured-output"],"minContext":100000}"#,
            "route.minContext",
            "has rules out 3, minContext rules out 1",
        ),
    ] {
        let own = format!(r#"{{"route":{route}}}"#);
        let mut client = Client::new("").knowing(CATALOGUE);
        let came = client.chat(&own, &mut |_| panic!("nothing may be sent"));
        let error = &came.failure.as_ref().unwrap().error;
        assert_eq!(error.class.name(), "ConfigError");
        assert_eq!(error.path.as_deref(), Some(path), "{route}");
        assert!(error.message.contains(words), "{}", error.message);
        assert_eq!(came.settlement.attempts, 0);
    }
}

#[test]
fn a_model_that_nobody_offers_is_said_to_be_so() {
    let mut client = Client::new(r#","model":"org/none""#).knowing(CATALOGUE);
    let came = client.chat(r#"{"route":{"sort":"cost"}}"#, &mut |_| Say::Ok);
    assert_eq!(came.failure.unwrap().error.path.as_deref(), Some("model"));
}

#[test]
fn without_a_catalogue_wishes_are_given_up_and_conditions_are_not() {
    for (route, story) in [
        (r#"{"sort":"cost"}"#, "org/a"),
        (r#"{"order":["dear"],"models":["org/b"]}"#, "org/a"),
        (r#"{"has":["tools"]}"#, ""),
        (r#"{"maxPrice":{"inputPerMillion":5}}"#, ""),
    ] {
        let mut client = Client::new("");
        client.shared.keep_prices(None, WallTime(client.now).into());
        let came = client.chat(&format!(r#"{{"route":{route}}}"#), &mut |_| Say::Ok);
        assert_eq!(came.story(), story, "{route}");
        if let Some(failure) = came.failure {
            assert_eq!(failure.error.class.name(), "APIConnectionError");
        }
    }
}

#[test]
fn the_catalogue_is_waited_for_by_who_looks_at_offers_alone() {
    let body = r#"{"messages":[{"role":"user","content":"Hello"}]}"#;
    for (route, waits) in [
        (r#"{"sort":"cost"}"#, true),
        (r#"{"models":["org/b"],"sticky":"s"}"#, false),
        ("{}", false),
    ] {
        let client = Client::new("");
        let given = client.given(&format!(r#"{{"route":{route}}}"#));
        let call = Call::chat(&client.shared, body, given, WallTime(client.now)).unwrap();
        let step = call.handle(0, Event::Begin, WallTime(client.now), 0.5);
        assert_eq!(matches!(step, Step::AwaitPrices), waits, "{route}");
        assert_eq!(call.wants_catalogue(), waits);
    }
}

#[test]
fn the_pin_makes_provider_and_price_known() {
    let mut client = Client::new(r#","pricing":"live""#).knowing(CATALOGUE);
    let came = client.chat(r#"{"route":{"sort":"cost"}}"#, &mut |_| Say::Ok);
    assert_eq!(came.settlement.provider.as_deref(), Some("cheap"));
    assert_eq!(came.settlement.model, "org/a");
    // 5 tokens at 0.1 and 7 at 0.3 per million.
    assert_eq!(came.settlement.cost.usd, Some(Usd(2.6e-6)));
}

#[test]
fn offers_are_given_in_order_with_what_rules_them_out() {
    let client = Client::new("").knowing(CATALOGUE);
    let route = json::parse(br#"{"sort":"cost","has":["tools"]}"#).unwrap();
    let route = Route::read(&route, "route", &client.shared.config.base_url).unwrap();
    let offers = hfetch::call::route::offers(&client.shared, "org/a", &route).unwrap();
    let rows: Vec<_> = offers
        .iter()
        .map(|offer| (offer.model.as_str(), offer.left_out))
        .collect();
    let wanted = [
        ("org/a:cheap", None),
        ("org/a:dear", None),
        ("org/a:broken", Some("status")),
        ("org/a:middle", Some("has")),
        ("org/a:silent", Some("has")),
    ];
    assert_eq!(rows, wanted);
    let named = hfetch::call::route::offers(&client.shared, "huggingface:org/a", &route);
    assert_eq!(named.unwrap(), offers);
    let none = hfetch::call::route::offers(&client.shared, "org/none", &route);
    assert_eq!(none.unwrap_err().path.as_deref(), Some("model"));
}

/// An offer as the naive model sees it.
#[derive(Clone, Debug)]
struct Plain {
    name: String,
    live: bool,
    price: Option<(f64, f64)>,
    speed: Option<f64>,
    tools: Option<bool>,
}

fn plain() -> impl Strategy<Value = Plain> {
    let price = proptest::option::of((0u8..5, 0u8..5));
    let speed = proptest::option::of(0u8..5);
    (
        0..1000u16,
        any::<bool>(),
        price,
        speed,
        any::<Option<bool>>(),
    )
        .prop_map(|(name, live, price, speed, tools)| Plain {
            name: format!("p{name}"),
            live,
            price: price.map(|(input, output)| (input.into(), output.into())),
            speed: speed.map(f64::from),
            tools,
        })
}

fn catalogue(offers: &[Plain]) -> String {
    let offers =
        offers.iter().map(|offer| {
            let mut members = vec![format!(r#""provider":"{}""#, offer.name)];
            members.push(format!(
                r#""status":"{}""#,
                if offer.live { "live" } else { "error" }
            ));
            members.extend(offer.price.map(|(input, output)| {
                format!(r#""pricing":{{"input":{input},"output":{output}}}"#)
            }));
            members.extend(offer.speed.map(|speed| format!(r#""throughput":{speed}"#)));
            members.extend(
                offer
                    .tools
                    .map(|tools| format!(r#""supports_tools":{tools}"#)),
            );
            format!("{{{}}}", members.join(","))
        });
    let offers: Vec<String> = offers.collect();
    format!(
        r#"{{"data":[{{"id":"org/a","providers":[{}]}}]}}"#,
        offers.join(",")
    )
}

proptest! {
    /// For any catalogue, price limit and failures: the order, the candidates asked and the one that answers are those of the naive
    /// model.
    #[test]
    fn ordering_and_failover_are_those_of_a_naive_model(
        mut offers in proptest::collection::vec(plain(), 0..8),
        by_cost in any::<bool>(),
        tools in any::<bool>(),
        most in proptest::option::of(0u8..5),
        failing in proptest::collection::vec(any::<bool>(), 8),
    ) {
        let mut seen = std::collections::HashSet::new();
        offers.retain(|offer| seen.insert(offer.name.clone()));
        let mut fit: Vec<&Plain> = offers.iter().filter(|offer| {
            let cheap = most.is_none_or(|most| offer.price.is_some_and(|(input, _)| input <= f64::from(most)));
            offer.live && cheap && (!tools || offer.tools == Some(true))
        }).collect();
        fit.sort_by(|a, b| {
            let key = |offer: &Plain| match by_cost {
                true => offer.price.map_or(1e9, |(input, output)| 3.0 * input + output),
                false => offer.speed.map_or(1e9, |speed| -speed),
            };
            key(a).partial_cmp(&key(b)).unwrap()
        });
        let mut story = Vec::new();
        for (offer, fails) in fit.iter().zip(&failing) {
            story.push(format!("org/a:{}", offer.name));
            if !fails {
                break;
            }
        }
        let mut route = vec![format!(r#""sort":"{}""#, if by_cost { "cost" } else { "tps" })];
        route.extend(tools.then(|| r#""has":["tools"]"#.to_string()));
        route.extend(most.map(|most| format!(r#""maxPrice":{{"inputPerMillion":{most}}}"#)));
        let own = format!(r#"{{"route":{{{}}},"retry":{{"maxAttempts":{}}}}}"#, route.join(","), story.len().max(1));
        let mut client = Client::new("").knowing(&catalogue(&offers));
        let mut asked = 0;
        let came = client.chat(&own, &mut |_| {
            asked += 1;
            if failing[asked - 1] { Say::Status(503) } else { Say::Ok }
        });
        prop_assert_eq!(&came.story, &story);
        prop_assert_eq!(came.settlement.attempts as usize, story.len());
        let failed = story.iter().zip(&failing).filter(|(_, fails)| **fails).count();
        prop_assert_eq!(came.settlement.tried.len(), failed);
        prop_assert_eq!(came.failure.is_some(), failed == story.len());
    }
}
