//! The catalogue, its prices, and the provider page's list.

use hfetch::error::Class;
use hfetch::wire::model::{
    LISTED, Model, USABLE_IN_CHAT, listed_provider, parse, parse_one, price,
};
use proptest::prelude::*;
use serde_json::json;

/// The documented form, with offers that lack fields.
const CATALOGUE: &str = r#"{"object": "list", "data": [
    {"id": "org/big", "object": "model", "created": 1776837885, "owned_by": "org", "architecture": {"input_modalities": ["text"]}, "providers": [
        {"provider": "novita", "status": "live", "context_length": 1048576, "pricing": {"input": 1.69, "output": 3.38}, "supports_tools": true,
         "supports_structured_output": false, "first_token_latency_ms": 1490, "throughput": 24.69124008437934, "is_free": false, "is_model_author": false},
        {"provider": "together", "status": "live", "context_length": 512000, "pricing": {"input": 2.1, "output": 4.4}},
        {"provider": "featherless-ai", "status": "live", "is_model_author": false},
        {"provider": "odd", "status": "live", "pricing": {"input": 0.5, "output": 9}},
        {"provider": "down", "status": "error", "pricing": {"input": 0.01, "output": 99}}]},
    {"id": "org/unpriced", "providers": [{"provider": "featherless-ai", "status": "live"}]},
    {"id": "org/bare"}]}"#;

fn models() -> Vec<Model> {
    parse(CATALOGUE.as_bytes()).unwrap()
}

#[test]
fn the_documented_shape_in_the_public_one() {
    let found = serde_json::to_value(models()).unwrap();
    assert_eq!(
        found[0]["providers"][0],
        json!({"provider": "novita", "status": "live", "contextLength": 1048576.0, "pricing": {"inputPerMillion": 1.69, "outputPerMillion": 3.38},
               "isFree": false, "supportsTools": true, "supportsStructuredOutput": false, "firstTokenLatencyMs": 1490.0, "throughput": 24.69124008437934})
    );
    assert_eq!(found[0]["created"], json!(1_776_837_885.0));
    assert_eq!(found[0]["owned_by"], json!("org"));
    assert_eq!(
        found[0]["providers"][2],
        json!({"provider": "featherless-ai", "status": "live"})
    );
    assert_eq!(found[2], json!({"id": "org/bare", "providers": []}));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    assert_eq!(parse("\u{feff}{\"data\":[]}".as_bytes()).unwrap(), []);
}

#[test]
fn odd_fields_are_left_out() {
    let body = r#"{"data": [null, 5, {}, {"id": 5}, {"id": ""}, {"id": "a/b", "created": "now", "owned_by": null, "providers": [
        null, {}, {"provider": 5}, {"provider": "p", "status": null, "pricing": {"input": 1}, "context_length": -1, "supports_tools": "yes", "throughput": null},
        {"provider": "q", "status": "staging", "pricing": {"input": "1", "output": 2}, "is_free": 1}]}, {"id": "c/d", "providers": {}}]}"#;
    let found = serde_json::to_value(parse(body.as_bytes()).unwrap()).unwrap();
    assert_eq!(
        found,
        json!([
            {"id": "a/b", "providers": [{"provider": "p", "status": "unknown"}, {"provider": "q", "status": "staging"}]},
            {"id": "c/d", "providers": []}
        ])
    );
}

#[test]
fn one_model_alone_or_in_a_list() {
    assert_eq!(
        parse_one(br#"{"id": "a/b", "providers": []}"#).unwrap().id,
        "a/b"
    );
    assert_eq!(parse_one(br#"{"data": {"id": "a/b"}}"#).unwrap().id, "a/b");
    assert_eq!(
        parse_one(br#"{"data": [{"id": "a/b"}]}"#).unwrap().id,
        "a/b"
    );
    for body in [
        "{}",
        "[]",
        r#"{"data": []}"#,
        r#"{"error": "no"}"#,
        "<html>",
    ] {
        assert_eq!(
            parse_one(body.as_bytes()).expect_err(body).class,
            Class::Api
        );
    }
}

#[test]
fn what_is_no_catalogue_is_an_error() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"data": {}}"#,
        r#"{"data": null}"#,
        "<html>",
        r#"{"data": ["#,
    ] {
        assert_eq!(parse(body.as_bytes()).expect_err(body).class, Class::Api);
    }
    assert!(parse(br#"{"data": []}"#).unwrap().is_empty());
}

#[test]
fn a_price_is_that_of_the_provider_that_answers() {
    let models = models();
    for (model, answered_by, expected) in [
        ("org/big:novita", None, Some((1.69, 3.38, true))),
        // The provider that the caller pinned wins over the one that the response names.
        ("org/big:novita", Some("together"), Some((1.69, 3.38, true))),
        ("org/big", Some("together"), Some((2.1, 4.4, true))),
        ("org/big:fastest", Some("together"), Some((2.1, 4.4, true))),
        ("org/big:cheapest", Some("together"), Some((2.1, 4.4, true))),
        ("org/big:cheapest", None, Some((1.69, 3.38, true))),
        // An offer that is down still has its price, for an answer that began before.
        ("org/big:down", None, Some((0.01, 99.0, true))),
        // The provider is unknown, so the price is higher than any live provider's.
        ("org/big", None, Some((2.1, 9.0, false))),
        ("org/big:fastest", None, Some((2.1, 9.0, false))),
        ("org/big:preferred", None, Some((2.1, 9.0, false))),
        // The provider is known and has no price, so the price is unknown.
        ("org/big:featherless-ai", None, None),
        ("org/big", Some("featherless-ai"), None),
        ("org/big:groq", None, None),
        ("org/unpriced", None, None),
        ("org/unpriced:cheapest", None, None),
        ("org/bare", None, None),
        ("org/other", None, None),
    ] {
        assert_eq!(
            price(&models, model, answered_by),
            expected,
            "{model} {answered_by:?}"
        );
    }
}

#[test]
fn a_colon_of_the_id_itself_names_no_provider() {
    let body = r#"{"data": [{"id": "llama3.1:8b", "providers": [
        {"provider": "own", "status": "live", "pricing": {"input": 1, "output": 2}}]},
        {"id": "llama3.1", "providers": [{"provider": "8b", "status": "live"}]}]}"#;
    let models = parse(body.as_bytes()).unwrap();
    assert_eq!(price(&models, "llama3.1:8b", None), Some((1.0, 2.0, false)));
    assert_eq!(listed_provider(&models, "llama3.1:8b"), None);
    assert_eq!(listed_provider(&models[1..], "llama3.1:8b"), Some("8b"));
    assert_eq!(listed_provider(&models, "llama3.1:70b"), None);
    assert_eq!(listed_provider(&models, "llama3.1:fastest"), None);
}

#[test]
fn the_cheapest_is_so_by_output_then_by_input() {
    let body = r#"{"data": [{"id": "a/b", "providers": [
        {"provider": "dear", "status": "live", "pricing": {"input": 0, "output": 3}},
        {"provider": "cheap", "status": "live", "pricing": {"input": 2, "output": 1}},
        {"provider": "cheaper", "status": "live", "pricing": {"input": 1, "output": 1}},
        {"provider": "staged", "status": "staging", "pricing": {"input": 0, "output": 0}}]}]}"#;
    let models = parse(body.as_bytes()).unwrap();
    assert_eq!(models[0].cheapest().unwrap().provider, "cheaper");
}

#[test]
fn the_list_of_the_page_is_the_same_in_javascript() {
    let script = include_str!("../../../src/js/models.js");
    assert!(script.contains("import listed from \"./models.json\""));
    let read: Vec<[String; 3]> =
        serde_json::from_str(include_str!("../../../src/wire/models.json")).unwrap();
    assert_eq!(read, LISTED.map(|model| model.map(str::to_string)));
    for [id, group, task] in LISTED {
        assert!(id.contains('/'), "{id}");
        assert!(
            ["text-generation", "large", "instruct"].contains(&group),
            "{id}"
        );
        assert!(
            ["text-generation", "conversational"].contains(&task),
            "{id}"
        );
    }
    let usable = LISTED.iter().find(|model| model[0] == USABLE_IN_CHAT);
    assert_eq!(usable.map(|model| model[2]), Some("conversational"));
}

#[test]
fn the_recorded_entry() {
    let Ok(folder) = std::env::var("HFETCH_FIXTURES") else {
        return;
    };
    let entry =
        std::fs::read_to_string(format!("{folder}/router-v1-models-entry.docs.json")).unwrap();
    let models = parse(format!(r#"{{"object":"list","data":[{entry}]}}"#).as_bytes()).unwrap();
    assert_eq!(models[0].providers.len(), 5);
    assert_eq!(
        price(&models, "deepseek-ai/DeepSeek-V4-Pro", None),
        Some((2.1, 4.4, false))
    );
    assert_eq!(
        price(&models, "deepseek-ai/DeepSeek-V4-Pro:cheapest", None),
        Some((1.69, 3.38, true))
    );
    assert_eq!(
        price(&models, "deepseek-ai/DeepSeek-V4-Pro:fireworks-ai", None),
        None
    );
    assert_eq!(parse_one(entry.as_bytes()).unwrap(), models[0]);
}

proptest! {
    #[test]
    fn no_live_offer_asks_more_than_the_bound(offers in prop::collection::vec((0.0..50.0f64, 0.0..50.0f64, any::<bool>()), 1..8)) {
        let offers: Vec<_> = offers.iter().enumerate().map(|(n, (input, output, live))| {
            json!({"provider": format!("p{n}"), "status": if *live { "live" } else { "error" }, "pricing": {"input": input, "output": output}})
        }).collect();
        let models = parse(json!({"data": [{"id": "a/b", "providers": offers}]}).to_string().as_bytes()).unwrap();
        let live: Vec<_> = models[0].providers.iter().filter(|offer| offer.status == "live").collect();
        match price(&models, "a/b", None) {
            None => prop_assert!(live.is_empty()),
            Some((input, output, exact)) => {
                prop_assert!(!exact);
                for offer in live {
                    let pricing = offer.pricing.unwrap();
                    prop_assert!(pricing.input_per_million <= input && pricing.output_per_million <= output);
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_answered(body: Vec<u8>) {
        let _ = parse(&body);
        let _ = parse_one(&body);
    }
}
