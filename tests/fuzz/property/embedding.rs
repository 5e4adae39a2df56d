//! Embedding answers are refused, or read as the numbers that a JSON parser reads.

use hfetch::wire::embedding::decode;
use serde_json::Value;

use crate::reader::whole_characters;

/// The first byte is the number of inputs.
pub fn hold(data: &[u8]) {
    let (head, body) = super::head(data);
    let inputs = head.first().map_or(1, |byte| *byte as usize % 5 + 1);
    let Ok(found) = decode(body, inputs) else {
        return;
    };
    assert_eq!(found.values.len(), found.dimensions * inputs);
    if !super::shallow(body) {
        return;
    }
    // As a TextDecoder reads it: without a byte order mark, and with U+FFFD for bytes that are not UTF-8.
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = whole_characters(text.to_string());
    let value: Value = serde_json::from_str(&text).expect("what is taken is JSON");
    if let Some(expected) = rows(&value, inputs) {
        let bits = |values: &[f32]| {
            values
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(&found.values), bits(&expected));
    }
}

/// The rows of the plain forms, `[d]` and `[n][d]`; other forms are pooled or have indexes.
fn rows(value: &Value, inputs: usize) -> Option<Vec<f32>> {
    let list = value.as_array()?;
    let number = |value: &Value| {
        value
            .is_number()
            .then(|| value.to_string().parse().unwrap())
    };
    if inputs == 1 && list.iter().all(Value::is_number) {
        return list.iter().map(number).collect();
    }
    let inner: Option<Vec<&Vec<Value>>> = list.iter().map(Value::as_array).collect();
    inner?.into_iter().flatten().map(number).collect()
}
