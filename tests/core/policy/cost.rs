//! Prices in both forms, and the cost of usage.

use hfetch::json::{Value, parse};
use hfetch::policy::cost::{Cost, Price, Pricing, Rates, Source};
use hfetch::unit::Usd;

fn pricing(text: &str) -> Result<Pricing, hfetch::error::Error> {
    Pricing::from_value(&parse(text.as_bytes()).unwrap(), "pricing")
}

fn price(text: &str) -> Price {
    match pricing(text).unwrap() {
        Pricing::One(price) => price,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_pages_rates_in_each_unit() {
    for (unit, usd) in [
        ("", 3e-7),
        (r#","unit":"token""#, 3e-4),
        (r#","unit":"1k""#, 3e-7),
        (r#","unit":"1m""#, 3e-10),
    ] {
        let text = [
            r#"{"input_token_cost":0.0000002,"output_token_cost":2e-7"#,
            unit,
            "}",
        ]
        .concat();
        let cost = price(&text).rates.cost(1_000.0, 500.0, Source::Configured);
        assert_eq!(cost.usd, Some(Usd(usd)), "{unit}");
        assert_eq!(cost.source, Source::Configured);
    }
}

#[test]
fn the_page_form_equals_the_native_form() {
    let native = price(r#"{"inputPerMillion":0.2,"outputPerMillion":0.6}"#);
    for page in [
        r#"{"input_token_cost":2e-7,"output_token_cost":6e-7,"unit":"token"}"#,
        r#"{"input_token_cost":2e-4,"output_token_cost":6e-4}"#,
        r#"{"input_token_cost":0.2,"output_token_cost":0.6,"unit":"1m"}"#,
    ] {
        assert_eq!(price(page).rates, native.rates, "{page}");
    }
}

#[test]
fn costs_are_the_decimals_one_expects() {
    let table = [
        (0.2, 0.2, 1_000.0, 500.0, 2e-4, 1e-4, 3e-4),
        (0.1, 0.3, 3.0, 1.0, 3e-7, 3e-7, 6e-7),
        (0.15, 0.6, 1e6, 1e6, 0.15, 0.6, 0.75),
        (1.1, 2.2, 3e6, 0.0, 3.3, 0.0, 3.3),
        (0.0, 0.0, 1e6, 1e6, 0.0, 0.0, 0.0),
    ];
    for (input, output, prompt, completion, input_usd, output_usd, usd) in table {
        let rates = Rates {
            input_per_million: input,
            output_per_million: output,
        };
        let cost = rates.cost(prompt, completion, Source::Live);
        assert_eq!(
            cost,
            Cost {
                usd: Some(Usd(usd)),
                input_usd: Some(Usd(input_usd)),
                output_usd: Some(Usd(output_usd)),
                source: Source::Live
            }
        );
    }
}

#[test]
fn an_unknown_price_is_null_and_not_zero() {
    let json = serde_json::to_string(&Cost::unknown()).unwrap();
    assert_eq!(
        json,
        r#"{"usd":null,"inputUsd":null,"outputUsd":null,"source":"unknown"}"#
    );
    let sources = [
        Source::Configured,
        Source::Live,
        Source::LiveMax,
        Source::Unknown,
    ];
    assert_eq!(
        serde_json::to_string(&sources).unwrap(),
        r#"["configured","live","live-max","unknown"]"#
    );
}

#[test]
fn a_rate_without_a_unit_is_doubtful_where_no_price_has_its_size() {
    let table = [
        ("2e-7", "", true),
        ("2e-7", r#","unit":"1k""#, false),
        ("2e-7", r#","unit":"token""#, false),
        ("0.0009", "", false),
        ("0.000001", "", false),
        ("0.00000099", "", true),
        ("1", "", false),
        ("1.01", "", true),
        ("0", "", false),
    ];
    for (rate, unit, doubtful) in table {
        for text in [
            [
                "{\"input_token_cost\":",
                rate,
                ",\"output_token_cost\":0.001",
                unit,
                "}",
            ]
            .concat(),
            [
                "{\"input_token_cost\":0,\"output_token_cost\":",
                rate,
                unit,
                "}",
            ]
            .concat(),
        ] {
            assert_eq!(pricing(&text).unwrap().is_doubtful(), doubtful, "{text}");
        }
    }
    assert!(
        !pricing(r#"{"inputPerMillion":1e-9,"outputPerMillion":1e9}"#)
            .unwrap()
            .is_doubtful()
    );
}

#[test]
fn prices_by_model_know_the_model_with_and_without_its_provider() {
    let prices = pricing(
        r#"{"a/b":{"inputPerMillion":1,"outputPerMillion":2},
            "a/b:groq":{"inputPerMillion":3,"outputPerMillion":4},
            "c/d":{"input_token_cost":5,"output_token_cost":6,"unit":"1m"},
            "llama3.1":{"inputPerMillion":7,"outputPerMillion":7},
            "hf.co/a/b":{"inputPerMillion":8,"outputPerMillion":8},
            "qwen3:8b":{"inputPerMillion":9,"outputPerMillion":9}}"#,
    )
    .unwrap();
    let input = |model: &str| prices.rates(model).map(|rates| rates.input_per_million);
    assert_eq!(input("a/b"), Some(1.0));
    assert_eq!(input("a/b:groq"), Some(3.0));
    assert_eq!(input("a/b:novita"), Some(1.0));
    assert_eq!(input("c/d:cheapest"), Some(5.0));
    assert_eq!(input("e/f"), None);
    // These names aren't the router's, so the part after the colon belongs to the name.
    assert_eq!(input("llama3.1:8b"), None);
    assert_eq!(input("hf.co/a/b:Q4_K_M"), None);
    assert_eq!(input("qwen3:8b"), Some(9.0));
    assert_eq!(pricing("\"live\"").unwrap(), Pricing::Live);
    assert_eq!(Pricing::Live.rates("a/b"), None);
}

#[test]
fn a_bad_price_is_a_config_error_with_its_path() {
    let table = [
        ("null", "pricing"),
        ("7", "pricing"),
        ("[]", "pricing"),
        ("\"dead\"", "pricing"),
        ("{}", "pricing.inputPerMillion"),
        (r#"{"inputPerMillion":1}"#, "pricing.outputPerMillion"),
        (
            r#"{"inputPerMillion":"1","outputPerMillion":1}"#,
            "pricing.inputPerMillion",
        ),
        (
            r#"{"inputPerMillion":-1,"outputPerMillion":1}"#,
            "pricing.inputPerMillion",
        ),
        (
            r#"{"inputPerMillion":1,"outputPerMillion":1e10}"#,
            "pricing.outputPerMillion",
        ),
        (
            r#"{"inputPerMillion":1,"outputPerMillion":null}"#,
            "pricing.outputPerMillion",
        ),
        (
            r#"{"inputPerMillion":1,"outputPerMillion":1,"unit":"1m"}"#,
            "pricing.unit",
        ),
        (
            r#"{"input_token_cost":1,"output_token_cost":1,"unit":"1M"}"#,
            "pricing.unit",
        ),
        (
            r#"{"input_token_cost":1,"output_token_cost":1,"unit":null}"#,
            "pricing.unit",
        ),
        (
            r#"{"input_token_cost":1,"outputPerMillion":1}"#,
            "pricing.outputPerMillion",
        ),
        (
            r#"{"a/b":{"inputPerMillion":1}}"#,
            r#"pricing["a/b"].outputPerMillion"#,
        ),
        (
            r#"{"a/b":{"inputPerMillion":1,"outputPerMillion":1},"c/d":7}"#,
            r#"pricing.a/b"#,
        ),
    ];
    for (text, path) in table {
        let error = pricing(text).unwrap_err();
        assert_eq!(error.class.name(), "ConfigError");
        assert_eq!(error.path.as_deref(), Some(path), "{text}");
    }
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let fields = [
            ("inputPerMillion", Value::Number(number)),
            ("outputPerMillion", Value::Number(1.0)),
        ];
        let value = Value::Object(fields.map(|(name, value)| (name.to_string(), value)).into());
        assert!(Pricing::from_value(&value, "").is_err());
    }
}
