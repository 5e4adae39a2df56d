//! Converts plain data between Rust and JavaScript.

use wasm_bindgen::prelude::*;

use crate::error::Error;
use crate::json::{self, Value};

/// The result type of an export that returns a JavaScript value. V8 in Node 20 crashes if code into which such a call was
/// inlined is discarded during the call. It never inlines a call with several results, such as this one.
pub type Returned<T> = Result<T, JsValue>;

/// The key with which options.js marks a value that JSON can't express.
const MARK: &str = "\0";

/// Options in the form that options.js writes; `None` means no options.
pub fn options(text: Option<String>) -> Result<Value, JsValue> {
    let Some(text) = text else {
        return Ok(Value::Other("undefined"));
    };
    match json::parse(text.as_bytes()) {
        Ok(mut value) => {
            unmark(&mut value);
            Ok(value)
        }
        Err(_) => Err(super::error::to_js(Error::config(
            "",
            "options are nested too deeply",
        ))),
    }
}

fn unmark(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(unmark),
        Value::Object(entries) => match entries.as_slice() {
            [(key, Value::String(kind))] if key == MARK => {
                *value = match kind.as_str() {
                    "function" => Value::Other("function"),
                    "symbol" => Value::Other("symbol"),
                    "bigint" => Value::Other("bigint"),
                    "Infinity" => Value::Number(f64::INFINITY),
                    "-Infinity" => Value::Number(f64::NEG_INFINITY),
                    _ => Value::Number(f64::NAN),
                };
            }
            _ => entries.iter_mut().for_each(|(_, value)| unmark(value)),
        },
        _ => {}
    }
}
