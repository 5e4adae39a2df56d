//! Reading stored state back. It may have been edited, truncated, or written by another program.

use super::calendar::LAST_TIME;
use crate::error::Error;
use crate::json::Value;

/// The largest count that is accepted: half of JavaScript's safe integers, so that counting can continue.
pub const MOST: u64 = 1 << 52;

/// An object of stored state.
#[derive(Debug)]
pub struct Reader<'a> {
    entries: &'a [(String, Value)],
    path: &'a str,
}

/// A row of stored state.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a>(&'a [Value]);

impl<'a> Reader<'a> {
    /// The object at `path`.
    pub fn new(value: &'a Value, path: &'a str) -> Result<Self, Error> {
        match value {
            Value::Object(entries) => Ok(Reader { entries, path }),
            _ => Err(Error::config(
                path,
                "is not the state of a limiter: must be an object",
            )),
        }
    }

    /// A field that older versions didn't write.
    pub fn given(&self, name: &str) -> Option<&'a Value> {
        let found = self.entries.iter().find(|entry| entry.0 == name);
        found.map(|entry| &entry.1)
    }

    /// A required field.
    pub fn field(&self, name: &str) -> Result<&'a Value, Error> {
        self.given(name).ok_or_else(|| self.broken(name))
    }

    /// A number within bounds.
    pub fn number(&self, name: &str, least: f64, most: f64) -> Result<f64, Error> {
        match self.field(name)? {
            Value::Number(number) if *number >= least && *number <= most => Ok(*number),
            _ => Err(self.broken(name)),
        }
    }

    /// A time in ms since the epoch.
    pub fn time(&self, name: &str) -> Result<f64, Error> {
        self.number(name, 0.0, LAST_TIME)
    }

    /// The wall clock, if it was stored separately from the steady time.
    pub fn wall(&self) -> Result<Option<f64>, Error> {
        self.given("wall").map(|_| self.time("wall")).transpose()
    }

    /// A whole number.
    pub fn count(&self, name: &str) -> Result<u64, Error> {
        whole(self.field(name)?, MOST).ok_or_else(|| self.broken(name))
    }

    /// A boolean.
    pub fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.field(name)? {
            Value::Bool(flag) => Ok(*flag),
            _ => Err(self.broken(name)),
        }
    }

    /// A list.
    pub fn list(&self, name: &str) -> Result<&'a [Value], Error> {
        match self.field(name)? {
            Value::Array(items) => Ok(items),
            _ => Err(self.broken(name)),
        }
    }

    /// A list of rows, each read by `read`.
    pub fn rows(
        &self,
        name: &str,
        read: &mut dyn FnMut(Row<'a>) -> Option<()>,
    ) -> Result<(), Error> {
        for item in self.list(name)? {
            row(item, &mut *read).ok_or_else(|| self.broken(name))?;
        }
        Ok(())
    }

    /// The error for a field that is missing or has an impossible value.
    pub fn broken(&self, name: &str) -> Error {
        let path = [self.path, ".", name].concat();
        Error::config(
            path,
            "is not what a limiter wrote: start again without this state",
        )
    }
}

impl Row<'_> {
    /// A time no later than `latest`.
    pub fn time(&self, index: usize, latest: f64) -> Option<f64> {
        match self.0.get(index)? {
            Value::Number(time) if *time >= 0.0 && *time <= latest => Some(*time),
            _ => None,
        }
    }

    /// A list.
    pub fn list(&self, index: usize) -> Option<&[Value]> {
        match self.0.get(index)? {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// A whole number no larger than `most`.
    pub fn count(&self, index: usize, most: u64) -> Option<u64> {
        whole(self.0.get(index)?, most)
    }
}

/// A list read as a row.
pub fn row<'a, T>(item: &'a Value, read: impl FnOnce(Row<'a>) -> Option<T>) -> Option<T> {
    match item {
        Value::Array(items) => read(Row(items)),
        _ => None,
    }
}

/// A whole number no larger than `most`.
pub fn whole(value: &Value, most: u64) -> Option<u64> {
    match value {
        Value::Number(number) if *number >= 0.0 && *number <= most as f64 => {
            let count = *number as u64;
            (count as f64 == *number).then_some(count)
        }
        _ => None,
    }
}
