//! Checks an object by a table that the caller passes as text. Objects that only JavaScript reads, such as a gateway's settings, are
//! checked this way by the same bounds and with the same error messages as a client's options.

use super::options::{read_batching, read_budget, read_limits};
use super::{Batching, Timeouts, Waiting};
use crate::error::Error;
use crate::field::{Bounds, Fields};
use crate::json::Value;
use crate::policy::rate_limit::Limits;
use crate::text::{split, split_once};

/// The bounds of numbers, by the names that they have in a table.
const BOUNDS: [(&str, &Bounds); 6] = [
    ("count", Bounds::COUNT),
    ("many", Bounds::MANY),
    ("limit", Bounds::LIMIT),
    ("wait", Bounds::WAIT),
    ("duration", Bounds::DURATION),
    ("usd", Bounds::USD),
];

/// Checks an object by a table. Each line of the table has the name of a field and what the field's value must be.
///
/// ```
/// use hfetch::{config, json};
///
/// let table = "audience text\ncaps any\ntellCost flag\nunknownMembers pass|refuse\nearlyHead wait\nlimits limits";
/// let check = |given: &[u8]| config::check(&json::parse(given).unwrap(), "", table);
/// assert!(check(br#"{"audience": "mine", "caps": {}, "unknownMembers": "pass"}"#).is_ok());
/// let error = check(br#"{"unknownMembers": "drop"}"#).unwrap_err();
/// assert_eq!(error.message, "unknownMembers: must be \"pass\" or \"refuse\"");
/// let error = check(br#"{"limits": {"requestPerMinute": 1}}"#).unwrap_err();
/// assert_eq!(error.message, "limits.requestPerMinute: is not an option; did you mean requestsPerMinute?");
/// ```
pub fn check(given: &Value, path: &str, table: &str) -> Result<(), Error> {
    let fields = Fields::of(given, path);
    let mut known = Vec::new();
    for line in split(table, b"\n") {
        let (name, must) = split_once(line, b' ').unwrap_or((line, ""));
        known.push(name);
        if let Some(value) = fields.get(name) {
            field(&fields, name, value, must);
        }
    }
    fields.only(&known);
    fields.ok()
}

fn field(fields: &Fields<'_>, name: &str, value: &Value, must: &str) {
    match must {
        "any" => {}
        "text" => drop(fields.text(name)),
        "texts" => drop(fields.texts(name)),
        "function" => fields.function(name),
        "flag" => {
            fields.flag(name);
        }
        "limits" => fields.object(name, &mut |limits| {
            read_limits(&mut Limits::default(), &mut Waiting::default(), limits);
        }),
        "embeddings" => fields.object(name, &mut |given| {
            read_batching(&mut Batching::default(), given);
        }),
        "budget" => fields.object(name, &mut |budget| {
            read_budget(budget);
        }),
        "timeout" => fields.object(name, &mut |timeout| {
            timeout.read(Timeouts::default().read(value, &fields.path(name)));
        }),
        _ => match BOUNDS.iter().find(|row| row.0 == must) {
            Some(row) => drop(fields.number(name, row.1)),
            None => {
                fields.word(name, &split(must, b"|"));
            }
        },
    }
}
