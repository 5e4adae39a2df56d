//! State on its way through storage: what the core serialises is read back by the core.

use hfetch::json::Value;

/// The core's value of a JSON value.
fn from_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(text) => Value::String(text.clone()),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(from_json).collect()),
        serde_json::Value::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), from_json(value)))
                .collect(),
        ),
    }
}

/// `state` after it has been written and read.
pub fn stored(state: &impl serde::Serialize) -> Value {
    let text = serde_json::to_string(state).unwrap();
    from_json(&serde_json::from_str(&text).unwrap())
}
