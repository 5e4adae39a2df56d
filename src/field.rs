//! Reads an object that a person wrote. Each value is checked when it is read, and an error names the path to the value.
//!
//! A reader asks for one field after the other and says what it must be. At the end it asks once whether all of them were right:
//!
//! ```
//! use hfetch::field::{Bounds, Fields};
//! use hfetch::json;
//!
//! let given = json::parse(br#"{"batchSize": 0, "concurency": 2}"#).unwrap();
//! let fields = Fields::of(&given, "embeddings");
//! assert_eq!(fields.number("batchSize", Bounds::COUNT), None);
//! fields.only(&["batchSize", "concurrency"]);
//! // The first of the two mistakes is reported.
//! let error = fields.ok().unwrap_err();
//! assert_eq!(error.message, "embeddings.batchSize: must be a whole number of at least 1");
//! ```

use std::cell::Cell;
use std::fmt;

use crate::error::Error;
use crate::json::Value;
use crate::spelling::nearest;
use crate::text::digits;

/// An object, the path that leads to it, and the first mistake in it.
pub struct Fields<'a> {
    entries: &'a [(String, Value)],
    path: String,
    mistake: Cell<Option<Error>>,
}

/// Shows the path only: the entries may hold secrets.
impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

/// What a number must be.
#[derive(Debug, PartialEq)]
pub struct Bounds {
    min: f64,
    max: f64,
    whole: bool,
    problem: &'static str,
}

impl Bounds {
    /// A duration in milliseconds that a timer accepts: for more than 2³¹ − 1, `setTimeout` fires at once.
    pub const TIMER: &'static Bounds = &Bounds {
        min: f64::MIN_POSITIVE,
        max: 2_147_483_647.0,
        whole: false,
        problem: "must be a number of milliseconds above 0 and at most 2147483647 (24.8 days)",
    };
    /// A duration in ms that may be zero.
    pub const WAIT: &'static Bounds = &Bounds {
        min: 0.0,
        max: 2_147_483_647.0,
        whole: false,
        problem: "must be a number of milliseconds from 0 to 2147483647 (24.8 days)",
    };
    /// A duration in ms that no timer has to take.
    pub const DURATION: &'static Bounds = &Bounds {
        min: f64::MIN_POSITIVE,
        max: f64::MAX,
        whole: false,
        problem: "must be a number of milliseconds above 0",
    };
    /// A count of at least one.
    pub const COUNT: &'static Bounds = &Bounds {
        min: 1.0,
        max: 4_294_967_295.0,
        whole: true,
        problem: "must be a whole number of at least 1",
    };
    /// A count that may be zero.
    pub const COUNT_OR_ZERO: &'static Bounds = &Bounds {
        min: 0.0,
        max: 4_294_967_295.0,
        whole: true,
        problem: "must be a whole number of at least 0",
    };
    /// A limit, where zero means none.
    pub const LIMIT: &'static Bounds = &Bounds {
        min: 0.0,
        max: 9_007_199_254_740_991.0,
        whole: true,
        problem: "must be a whole number of at least 0 (0: no limit)",
    };
    /// An amount that may be zero.
    pub const AMOUNT: &'static Bounds = &Bounds {
        min: 0.0,
        max: 1e15,
        whole: false,
        problem: "must be a number of at least 0",
    };
    /// Any number.
    pub const ANY: &'static Bounds = &Bounds {
        min: f64::MIN,
        max: f64::MAX,
        whole: false,
        problem: "must be a finite number",
    };
    /// A count of at least one without a maximum.
    pub const MANY: &'static Bounds = &Bounds {
        max: f64::MAX,
        ..*Bounds::COUNT
    };
    /// An amount of money.
    pub const USD: &'static Bounds = &Bounds {
        min: 0.0,
        max: 1e9,
        whole: false,
        problem: "must be a number of US dollars from 0 to 1000000000",
    };

    fn hold(&self, number: f64) -> bool {
        // NaN is within no range.
        number >= self.min && number <= self.max && (!self.whole || number.fract() == 0.0)
    }
}

impl<'a> Fields<'a> {
    /// Begins to read `value`, which must be an object; an absent value counts as empty.
    pub fn of(value: &'a Value, path: &str) -> Self {
        let entries: &[_] = match value {
            Value::Object(entries) => entries,
            _ => &[],
        };
        let fields = Fields {
            entries,
            path: path.to_string(),
            mistake: Cell::new(None),
        };
        match value {
            Value::Object(_) | Value::Other("undefined") => {}
            other if path.is_empty() => fields.fail(wrong_type("options", "an object", other)),
            other => fields.fail(wrong_type(path, "an object", other)),
        }
        fields
    }

    /// The first mistake found so far, as an error.
    pub fn ok(&self) -> Result<(), Error> {
        self.mistake.take().map_or(Ok(()), Err)
    }

    /// Reports a mistake, unless an earlier one has been reported.
    pub fn fail(&self, error: Error) {
        let first = self.mistake.take().unwrap_or(error);
        self.mistake.set(Some(first));
    }

    /// Reports what is wrong with a field.
    pub fn refuse(&self, name: &str, problem: &str) {
        self.fail(Error::config(self.path(name), problem));
    }

    /// The value in a result of another reader; its error counts as a mistake in this object.
    pub fn read<T>(&self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.fail(error)).ok()
    }

    /// The path of a field of this object.
    pub fn path(&self, name: &str) -> String {
        if self.path.is_empty() {
            // An empty path would mean the whole object.
            if name.is_empty() { "\"\"" } else { name }.to_string()
        } else {
            [self.path.as_str(), ".", name].concat()
        }
    }

    /// Refuses every key that isn't in `known`; the error names the key that was probably meant.
    pub fn only(&self, known: &[&str]) {
        for (name, value) in self.entries {
            if absent(value) || known.contains(&name.as_str()) {
                continue;
            }
            // A larger number of edits turns any short word into any other.
            let problem = match nearest(name, known, |edits, letters| {
                edits < 8 && edits * 2 <= letters
            }) {
                Some(meant) => ["is not an option; did you mean ", meant, "?"].concat(),
                None => ["is not an option; there are ", &known.join(", ")].concat(),
            };
            return self.refuse(name, &problem);
        }
    }

    /// The value of a field, unless it is absent or `undefined`.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        // As in JavaScript and YAML, the last of two equal keys holds.
        let found = self.entries.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value).filter(|value| !absent(value))
    }

    /// A string that isn't empty.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.read(text(self.get(name)?, &self.path(name)))
    }

    /// A string that `problem` accepts.
    pub fn text_if(
        &self,
        name: &str,
        problem: fn(&str) -> Option<&'static str>,
    ) -> Option<&'a str> {
        let text = self.text(name)?;
        if let Some(problem) = problem(text) {
            self.refuse(name, problem);
        }
        Some(text)
    }

    /// The place of a string in a list of words.
    pub fn word(&self, name: &str, words: &[&str]) -> Option<usize> {
        let text = self.text(name)?;
        let place = words.iter().position(|word| *word == text);
        if place.is_none() {
            self.refuse(name, &one_of(words));
        }
        place
    }

    /// A number within bounds.
    pub fn number(&self, name: &str, bounds: &Bounds) -> Option<f64> {
        self.read(number(self.get(name)?, &self.path(name), bounds))
    }

    /// Stores a number within bounds in `place`, if the field is given.
    pub fn set(&self, name: &str, bounds: &Bounds, place: &mut f64) {
        if let Some(number) = self.number(name, bounds) {
            *place = number;
        }
    }

    /// Stores a count of at least one in `place`, if the field is given.
    pub fn set_count(&self, name: &str, place: &mut usize) {
        if let Some(count) = self.number(name, Bounds::COUNT) {
            *place = count as usize;
        }
    }

    /// The same as [`set`](Fields::set) for a place that may stay empty.
    pub fn set_some(&self, name: &str, bounds: &Bounds, place: &mut Option<f64>) {
        *place = self.number(name, bounds).or(*place);
    }

    /// Reads a field that is an object with `read`.
    pub fn object(&self, name: &str, read: &mut dyn FnMut(&Fields<'a>)) {
        if let Some(value) = self.get(name) {
            let fields = Fields::of(value, &self.path(name));
            read(&fields);
            self.read(fields.ok());
        }
    }

    /// A function. The core sees only that the value is a function.
    pub fn function(&self, name: &str) {
        match self.get(name) {
            None | Some(Value::Other("function")) => {}
            Some(other) => self.fail(wrong_type(&self.path(name), "a function", other)),
        }
    }

    /// True or false.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name)
            .and_then(|value| self.read(flag(value, &self.path(name))))
            .unwrap_or_default()
    }

    /// A list.
    pub fn list(&self, name: &str) -> Option<&'a [Value]> {
        match self.get(name)? {
            Value::Array(items) => return Some(items),
            other => self.fail(wrong_type(&self.path(name), "a list", other)),
        }
        None
    }

    /// A list of strings that aren't empty.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for (index, value) in self.list(name).unwrap_or_default().iter().enumerate() {
            let path = self.path(&item(name, index));
            texts.extend(self.read(text(value, &path)).map(str::to_string));
        }
        texts
    }

    /// All entries except the absent ones.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let present = self.entries.iter().filter(|(_, value)| !absent(value));
        present.map(|(name, value)| (name.as_str(), value))
    }
}

/// Checks for a string that isn't empty.
pub fn text<'a>(value: &'a Value, path: &str) -> Result<&'a str, Error> {
    match value {
        Value::String(text) if text.is_empty() => Err(Error::config(path, EMPTY)),
        Value::String(text) => Ok(text),
        other => Err(wrong_type(path, "a string", other)),
    }
}

/// A number within bounds.
pub fn number(value: &Value, path: &str, bounds: &Bounds) -> Result<f64, Error> {
    match value {
        Value::Number(number) if bounds.hold(*number) => Ok(*number),
        Value::Number(_) => Err(Error::config(path, bounds.problem)),
        other => Err(wrong_type(path, "a number", other)),
    }
}

/// True or false.
pub fn flag(value: &Value, path: &str) -> Result<bool, Error> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        other => Err(wrong_type(path, "true or false", other)),
    }
}

/// The error for a value of another type; it names the types and never the value, which may be a secret.
pub fn wrong_type(path: &str, wanted: &str, value: &Value) -> Error {
    let problem = ["must be ", wanted, ", not ", kind(value)].concat();
    Error::config(path, &problem)
}

const EMPTY: &str = "must not be empty";

/// The error message for a word that isn't in the list: `must be "wait" or "error"`.
pub fn one_of(words: &[&str]) -> String {
    let mut problem = String::from("must be ");
    for (place, word) in words.iter().enumerate() {
        let between = match place {
            0 => "\"",
            place if place + 1 == words.len() => "\" or \"",
            _ => "\", \"",
        };
        problem.push_str(between);
        problem.push_str(word);
    }
    problem + "\""
}

/// `list[3]`
pub fn item(path: &str, index: usize) -> String {
    [path, "[", &digits(index), "]"].concat()
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
