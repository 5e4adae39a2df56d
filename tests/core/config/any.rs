//! Any options are accepted or refused with a path; none causes a trap.

use hfetch::config::{Config, KeySource};
use hfetch::json::Value;
use proptest::prelude::*;

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_map(Value::Number),
        prop_oneof![
            "\\PC{0,8}",
            Just("huggingface".to_string()),
            Just("${HF_ONE}".to_string())
        ]
        .prop_map(Value::String),
        Just(Value::Other("function")),
        Just(Value::Other("undefined")),
    ];
    let name = prop_oneof![
        Just("llm_providers"),
        Just("id"),
        Just("type"),
        Just("api_keys"),
        Just("base_url"),
        Just("model"),
        Just("pricing"),
        Just("limits"),
        Just("req_per_min"),
        Just("tokens_per_min"),
        Just("input_token_cost"),
        Just("output_token_cost"),
        Just("unit"),
        Just("name"),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::vec((name.clone().prop_map(str::to_string), inner), 0..8)
                .prop_map(Value::Object),
        ]
    })
}

proptest! {
    #[test]
    fn any_page_is_taken_or_refused_by_a_path(page: bool, value in any_value()) {
        let page = if page { Value::Object(vec![("llm_providers".to_string(), Value::Array(vec![value]))]) } else { value };
        let nothing = Value::Object(Vec::new());
        if let Err(error) = Config::from_page(&page, None, &|_| None, &nothing, &KeySource::None) {
            prop_assert!(error.path.is_some());
        }
    }

    #[test]
    fn any_options_are_taken_or_refused(name in "[a-zA-Z_]{0,14}", number: f64, text in "\\PC{0,12}") {
        for value in [Value::Number(number), Value::String(text.clone()), Value::Null, Value::Array(vec![Value::Number(number)])] {
            let _ = Config::from_options(&Value::Object(vec![(name.clone(), value)]), &KeySource::Function);
        }
    }
}
