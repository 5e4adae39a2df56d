//! Rows of stored state: the columns of each kind of row are said once, for writing it and for reading it back.
//!
//! A limiter's state ends in somebody else's storage: a page's, a Durable Object's, a file of the caller's. It may come back edited,
//! truncated, or as an older version wrote it. A [`Row`] goes through its columns in order, and [`Columns`] writes each or reads it:
//! a value that makes no sense is refused with the name of its column. A row that was refused must not be used, for only a part of it
//! has been read.
//!
//! ```
//! use hfetch::json;
//! use hfetch::policy::row::{Columns, Row, read};
//! use hfetch::unit::SteadyTime;
//!
//! #[derive(Default)]
//! struct Rest {
//!     until: SteadyTime,
//!     times: u64,
//! }
//!
//! impl Row for Rest {
//!     fn columns(&mut self, with: &mut Columns<'_>) {
//!         with.time("until", &mut self.until.0);
//!         with.count("times", &mut self.times);
//!     }
//! }
//!
//! let mut rest = Rest::default();
//! let mut read = |text: &str| read(&mut rest, &json::parse(text.as_bytes()).unwrap(), "rest");
//! let error = read(r#"{"until": 500, "times": 0.5}"#).unwrap_err();
//! assert_eq!(error.path.as_deref(), Some("rest.times"));
//! read(r#"{"until": 500, "times": 2}"#).unwrap();
//! assert_eq!((rest.until, rest.times), (SteadyTime(500.0), 2));
//! ```

use std::slice;

use super::calendar::LAST_TIME;
use crate::error::Error;
use crate::json::Value;

/// Half of what survives JSON in JavaScript, so that counting can go on from there.
const MOST: f64 = (1u64 << 52) as f64;

/// The next column of a list, which has no name.
pub const NEXT: &str = "";

/// A function that goes through the columns of a row.
pub type Each<'a> = &'a mut dyn FnMut(&mut Columns<'_>);

/// A kind of row: something whose columns are stored.
pub trait Row {
    /// Goes through the columns in order. `with` writes the value that each column has, or puts the one that was read into its place.
    fn columns(&mut self, with: &mut Columns<'_>);
}

/// The place where rows are written. It takes values one by one; in an object each value comes behind its name.
pub trait Sink {
    /// The name of the value that comes next.
    fn name(&mut self, name: &'static str);
    /// A number.
    fn number(&mut self, number: f64);
    /// A text.
    fn text(&mut self, text: &str);
    /// A yes or no.
    fn flag(&mut self, flag: bool);
    /// No value.
    fn null(&mut self);
    /// The beginning of a list, or of an object.
    fn begin(&mut self, is_list: bool);
    /// The end of either.
    fn end(&mut self, is_list: bool);
}

/// The columns of a row that is being written or read.
pub struct Columns<'a> {
    way: Way<'a>,
    place: Place<'a>,
    mistake: Option<Error>,
}

enum Way<'a> {
    Write(&'a mut dyn Sink),
    Object(&'a Value),
    List(slice::Iter<'a, Value>),
}

/// The way to a value in the state that is read.
#[derive(Clone, Copy)]
struct Place<'a> {
    outer: Option<&'a Place<'a>>,
    name: &'a str,
}

impl std::fmt::Debug for Columns<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.place.name)
    }
}

/// Writes a row as an object.
pub fn write(row: &mut dyn Row, sink: &mut dyn Sink) {
    let place = Place {
        outer: None,
        name: NEXT,
    };
    let mut columns = Columns {
        way: Way::Write(sink),
        place,
        mistake: None,
    };
    columns.object(NEXT, &mut |with| row.columns(with));
}

/// Reads a row that was written as an object; `path` names it in errors.
pub fn read(row: &mut dyn Row, value: &Value, path: &str) -> Result<(), Error> {
    let Value::Object(_) = value else {
        return Err(Error::config(
            path,
            "is not the state of a limiter: must be an object",
        ));
    };
    read_columns(Way::Object(value), path, &mut |with| row.columns(with))
}

/// Reads a row that was written as a list; `path` names it in errors.
pub fn read_list(value: &Value, path: &str, each: Each<'_>) -> Result<(), Error> {
    let whole = Way::List(slice::from_ref(value).iter());
    read_columns(whole, path, &mut |with| with.list(NEXT, each))
}

fn read_columns<'a>(way: Way<'a>, path: &'a str, each: Each<'_>) -> Result<(), Error> {
    let mut columns = Columns {
        way,
        place: Place {
            outer: None,
            name: path,
        },
        mistake: None,
    };
    each(&mut columns);
    columns.mistake.map_or(Ok(()), Err)
}

impl Place<'_> {
    #[cold]
    fn broken(&self) -> Error {
        let (mut path, mut place) = (self.name.to_string(), self.outer);
        while let Some(outer) = place {
            path = match (outer.name, path.as_str()) {
                (name, "") => name.to_string(),
                (NEXT, _) => path,
                (name, _) => [name, ".", &path].concat(),
            };
            place = outer.outer;
        }
        Error::config(
            path,
            "is not what a limiter wrote: start again without this state",
        )
    }
}

impl<'a> Columns<'a> {
    /// Whether the row is being read. Then the values that belong together are checked at the end.
    pub fn is_reading(&self) -> bool {
        !matches!(self.way, Way::Write(_))
    }

    /// Whether a row has an optional column: one that is written only if `is_there`, or that an older version didn't know.
    pub fn has(&mut self, name: &'static str, is_there: bool) -> bool {
        match &self.way {
            Way::Write(_) => is_there,
            _ => self.peek(name).is_some_and(|value| !value.is_null()),
        }
    }

    /// Whether a column has a value; null is written where it has none.
    pub fn has_or_null(&mut self, name: &'static str, is_there: bool) -> bool {
        match &self.way {
            Way::Write(_) => {
                if let Some(sink) = self.named(name).filter(|_| !is_there) {
                    sink.null();
                }
                is_there
            }
            _ => {
                let is_there = !self.peek(name).is_some_and(Value::is_null);
                if !is_there {
                    self.take(name);
                }
                is_there
            }
        }
    }

    /// A number within bounds.
    pub fn number(&mut self, name: &'static str, number: &mut f64, least: f64, most: f64) {
        if let Some(sink) = self.named(name) {
            return sink.number(*number);
        }
        match self.take(name) {
            Some(Value::Number(read)) if *read >= least && *read <= most => *number = *read,
            _ => self.broken(name),
        }
    }

    /// A point on either clock.
    pub fn time(&mut self, name: &'static str, time: &mut f64) {
        self.number(name, time, 0.0, LAST_TIME);
    }

    /// A whole number.
    pub fn count(&mut self, name: &'static str, count: &mut u64) {
        let mut number = *count as f64;
        self.number(name, &mut number, 0.0, MOST);
        *count = number as u64;
        if *count as f64 != number {
            self.broken(name);
        }
    }

    /// A yes or no.
    pub fn flag(&mut self, name: &'static str, flag: &mut bool) {
        if let Some(sink) = self.named(name) {
            return sink.flag(*flag);
        }
        match self.take(name) {
            Some(Value::Bool(read)) => *flag = *read,
            _ => self.broken(name),
        }
    }

    /// A text.
    pub fn text(&mut self, name: &'static str, text: &mut String) {
        if let Some(sink) = self.named(name) {
            return sink.text(text);
        }
        match self.take(name) {
            Some(Value::String(read)) => text.clone_from(read),
            _ => self.broken(name),
        }
    }

    /// A whole number of any size, as its digits: a JSON number would round it.
    pub fn whole(&mut self, name: &'static str, whole: &mut u64) {
        // `u64::to_string` and not `whole.to_string()`: for a reference, the compiler would add the code of the formatting traits.
        let mut digits = u64::to_string(whole);
        self.text(name, &mut digits);
        match digits.parse() {
            Ok(read) => *whole = read,
            Err(_) => self.broken(name),
        }
    }

    /// A row as an object.
    pub fn object(&mut self, name: &'static str, each: Each<'_>) {
        self.within(name, false, each);
    }

    /// A row as a list.
    pub fn list(&mut self, name: &'static str, each: Each<'_>) {
        self.within(name, true, each);
    }

    /// A list of rows, each a list.
    pub fn rows<T: Default>(
        &mut self,
        name: &'static str,
        rows: &mut Vec<T>,
        each: &mut dyn FnMut(&mut Columns<'_>, &mut T),
    ) {
        self.counted(name, rows.len(), &mut |with, index| {
            if index == rows.len() {
                rows.push(T::default());
            }
            if let Some(row) = rows.get_mut(index) {
                each(with, row);
            }
        });
    }

    /// A list of lists: `count` of them where the row is written, as many as are stored where it is read. `each` goes through the
    /// columns of the list at an index.
    fn counted(
        &mut self,
        name: &'static str,
        count: usize,
        each: &mut dyn FnMut(&mut Columns<'_>, usize),
    ) {
        self.list(name, &mut |with| {
            let count = match &with.way {
                Way::List(items) => items.len(),
                _ => count,
            };
            for index in 0..count {
                with.list(NEXT, &mut |with| each(with, index));
            }
        });
    }

    /// Goes through the columns of a row that stands in a column of this one.
    fn within(&mut self, name: &'static str, is_list: bool, each: Each<'_>) {
        if let Some(sink) = self.named(name) {
            sink.begin(is_list);
            each(self);
            if let Way::Write(sink) = &mut self.way {
                sink.end(is_list);
            }
            return;
        }
        let way = match self.take(name) {
            Some(Value::Array(items)) if is_list => Way::List(items.iter()),
            Some(value @ Value::Object(_)) if !is_list => Way::Object(value),
            _ => return self.broken(name),
        };
        let place = Place {
            outer: Some(&self.place),
            name,
        };
        let mut inner = Columns {
            way,
            place,
            mistake: None,
        };
        each(&mut inner);
        let mistake = inner.mistake;
        self.mistake = self.mistake.take().or(mistake);
    }

    /// The sink for the value of a column, if the row is being written.
    fn named(&mut self, name: &'static str) -> Option<&mut dyn Sink> {
        match &mut self.way {
            Way::Write(sink) => {
                if name != NEXT {
                    sink.name(name);
                }
                Some(*sink)
            }
            _ => None,
        }
    }

    fn peek(&self, name: &str) -> Option<&'a Value> {
        match &self.way {
            Way::Write(_) => None,
            Way::Object(row) => row.get(name),
            Way::List(items) => items.as_slice().first(),
        }
    }

    fn take(&mut self, name: &str) -> Option<&'a Value> {
        let value = self.peek(name);
        if let Way::List(items) = &mut self.way {
            items.next();
        }
        value
    }

    /// Tells that a column is missing or makes no sense. Of several mistakes the first is kept.
    #[cold]
    pub fn broken(&mut self, name: &str) {
        let place = Place {
            outer: Some(&self.place),
            name,
        };
        let mistake = place.broken();
        self.mistake.get_or_insert(mistake);
    }
}
