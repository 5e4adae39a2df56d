//! Reading one object of options: every value is checked where it is read, and an error names the way to it.

use crate::error::Error;
use crate::json::Value;
use crate::spelling::nearest;

/// One object and the path that leads to it.
#[derive(Debug)]
pub struct Fields<'a> {
    entries: &'a [(String, Value)],
    path: String,
}

/// What a number must be.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    min: f64,
    max: f64,
    whole: bool,
    problem: &'static str,
}

impl Bounds {
    /// A duration in ms that a timer can take: beyond 2³¹ − 1 `setTimeout` fires at once.
    pub const TIMER: Bounds = Bounds {
        min: f64::MIN_POSITIVE,
        max: 2_147_483_647.0,
        whole: false,
        problem: "must be a number of milliseconds above 0 and at most 2147483647 (24.8 days)",
    };
    /// A duration in ms that may be zero.
    pub const WAIT: Bounds = Bounds {
        min: 0.0,
        max: 2_147_483_647.0,
        whole: false,
        problem: "must be a number of milliseconds from 0 to 2147483647 (24.8 days)",
    };
    /// A count of at least one.
    pub const COUNT: Bounds = Bounds {
        min: 1.0,
        max: 4_294_967_295.0,
        whole: true,
        problem: "must be a whole number of at least 1",
    };
    /// A count that may be zero.
    pub const COUNT_OR_ZERO: Bounds = Bounds {
        min: 0.0,
        max: 4_294_967_295.0,
        whole: true,
        problem: "must be a whole number of at least 0",
    };
    /// A limit, where zero means none.
    pub const LIMIT: Bounds = Bounds {
        min: 0.0,
        max: 9_007_199_254_740_991.0,
        whole: true,
        problem: "must be a whole number of at least 0 (0: no limit)",
    };
    /// An amount that may be zero.
    pub const AMOUNT: Bounds = Bounds {
        min: 0.0,
        max: 1e15,
        whole: false,
        problem: "must be a number of at least 0",
    };
    /// An amount of money.
    pub const USD: Bounds = Bounds {
        min: 0.0,
        max: 1e9,
        whole: false,
        problem: "must be a number of US dollars from 0 to 1000000000",
    };

    fn hold(self, number: f64) -> bool {
        // NaN is within no range.
        number >= self.min && number <= self.max && (!self.whole || number.fract() == 0.0)
    }
}

impl<'a> Fields<'a> {
    /// The entries of `value`, which must be an object; an absent one is empty.
    pub fn of(value: &'a Value, path: &str) -> Result<Self, Error> {
        let entries = match value {
            Value::Object(entries) => entries.as_slice(),
            Value::Other("undefined") => &[],
            other if path.is_empty() => return Err(wrong_type("options", "an object", other)),
            other => return Err(wrong_type(path, "an object", other)),
        };
        Ok(Fields {
            entries,
            path: path.to_string(),
        })
    }

    /// The path of a field of this object.
    pub fn path(&self, name: &str) -> String {
        if self.path.is_empty() {
            // An empty path would name the whole.
            if name.is_empty() { "\"\"" } else { name }.to_string()
        } else {
            [self.path.as_str(), ".", name].concat()
        }
    }

    /// Refuses every key that is not in `known`, with the one that was probably meant.
    pub fn only(&self, known: &[&str]) -> Result<(), Error> {
        for (name, value) in self.entries {
            if absent(value) || known.contains(&name.as_str()) {
                continue;
            }
            // A few edits turn any short word into any other.
            let problem = match nearest(name, known, |edits, letters| {
                edits < 4 && edits * 2 <= letters
            }) {
                Some(meant) => ["is not an option; did you mean ", meant, "?"].concat(),
                None => ["is not an option; there are ", &known.join(", ")].concat(),
            };
            return Err(Error::config(self.path(name), &problem));
        }
        Ok(())
    }

    /// The value of a field, unless it is absent or `undefined`.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        // As in JavaScript and YAML, the last of two equal keys holds.
        let found = self.entries.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value).filter(|value| !absent(value))
    }

    /// A string that holds something.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => {
                Err(Error::config(self.path(name), "must not be empty"))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(&self.path(name), "a string", other)),
        }
    }

    /// A number within bounds.
    pub fn number(&self, name: &str, bounds: Bounds) -> Result<Option<f64>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => number(value, &self.path(name), bounds).map(Some),
        }
    }

    /// An object.
    pub fn object(&self, name: &str) -> Result<Option<Fields<'a>>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => Fields::of(value, &self.path(name)).map(Some),
        }
    }

    /// A list.
    pub fn list(&self, name: &str) -> Result<Option<&'a [Value]>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(wrong_type(&self.path(name), "a list", other)),
        }
    }

    /// The entries, without the absent ones.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let present = self.entries.iter().filter(|(_, value)| !absent(value));
        present.map(|(name, value)| (name.as_str(), value))
    }
}

/// A number within bounds.
pub fn number(value: &Value, path: &str, bounds: Bounds) -> Result<f64, Error> {
    match value {
        Value::Number(number) if bounds.hold(*number) => Ok(*number),
        Value::Number(_) => Err(Error::config(path, bounds.problem)),
        other => Err(wrong_type(path, "a number", other)),
    }
}

/// The error for a value of another type; it names the types and never the value, which may be a secret.
pub fn wrong_type(path: &str, wanted: &str, value: &Value) -> Error {
    let problem = ["must be ", wanted, ", not ", kind(value)].concat();
    Error::config(path, &problem)
}

/// `list[3]`
pub fn item(path: &str, index: usize) -> String {
    [path, "[", &index.to_string(), "]"].concat()
}

fn absent(value: &Value) -> bool {
    matches!(value, Value::Other("undefined"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
        Value::Other(kind) => kind,
    }
}
