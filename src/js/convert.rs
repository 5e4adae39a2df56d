//! Plain data across the border, both ways.

use wasm_bindgen::prelude::*;

use crate::error::Error;
use crate::json::{self, Value};

/// What an export gives back that is a JavaScript value: V8 of Node 20 ends the process when code that such a call was
/// inlined into is discarded during the call, and it inlines no call with several results, as this one has.
pub type Returned<T> = Result<T, JsValue>;

/// The key under which options.js marks what JSON can't hold.
const MARK: &str = "\0";

/// Options as options.js writes them; no text is no options.
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
