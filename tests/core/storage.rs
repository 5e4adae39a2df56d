//! State on its way through storage: what the core writes, as the core reads it back.

use hfetch::json::Value;
use hfetch::policy::row::{Row, Sink, write};

/// What a row is in JSON.
pub fn written(row: &mut dyn Row) -> serde_json::Value {
    let mut json = Json::default();
    write(row, &mut json);
    json.whole
}

/// The same of what is kept.
pub fn state_of(kept: &(impl Row + Clone)) -> serde_json::Value {
    written(&mut kept.clone())
}

/// A sink that puts the JSON together, with the objects and lists that are open.
#[derive(Default)]
struct Json {
    whole: serde_json::Value,
    open: Vec<serde_json::Value>,
    names: Vec<&'static str>,
}

impl Json {
    fn value(&mut self, value: serde_json::Value) {
        match self.open.last_mut() {
            None => self.whole = value,
            Some(serde_json::Value::Array(items)) => items.push(value),
            Some(object) => object[self.names.pop().expect("a name")] = value,
        }
    }
}

impl Sink for Json {
    fn name(&mut self, name: &'static str) {
        self.names.push(name);
    }

    fn number(&mut self, number: f64) {
        self.value(number.into());
    }

    fn text(&mut self, text: &str) {
        self.value(text.into());
    }

    fn flag(&mut self, flag: bool) {
        self.value(flag.into());
    }

    fn null(&mut self) {
        self.value(serde_json::Value::Null);
    }

    fn begin(&mut self, is_list: bool) {
        self.open.push(match is_list {
            true => serde_json::json!([]),
            false => serde_json::json!({}),
        });
    }

    fn end(&mut self, _: bool) {
        let value = self.open.pop().expect("something open");
        self.value(value);
    }
}

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
pub fn stored(state: &serde_json::Value) -> Value {
    let text = state.to_string();
    from_json(&serde_json::from_str(&text).unwrap())
}
