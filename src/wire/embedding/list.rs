//! The OpenAI-compatible answer: `{object, data: [{index, embedding}], model, usage}`, with its keys in any order.

use super::rows::Rows;
use super::{Embeddings, Problem, Usage, base64};
use crate::json::{self, Kind, Scanner, Value};
use crate::wire::fault;
use crate::wire::usage::Beside;

/// Reads a whole body.
pub fn read(body: &[u8], inputs: usize, found: &mut Embeddings) -> Result<(), Problem> {
    let mut list = List {
        body,
        scanner: Scanner::new(body),
        inputs,
        order: Vec::with_capacity(inputs),
        found,
    };
    match list.answer() {
        Err(Problem::Malformed("")) => Err(Problem::Malformed(list.scanner.malformed().problem)),
        Err(problem) => Err(problem),
        Ok(()) => list.sort(),
    }
}

struct List<'a, 'f> {
    body: &'a [u8],
    scanner: Scanner<'a>,
    inputs: usize,
    /// The index of each row, in the order of arrival.
    order: Vec<usize>,
    found: &'f mut Embeddings,
}

impl List<'_, '_> {
    fn answer(&mut self) -> Result<(), Problem> {
        self.scanner.begin_object()?;
        let (mut has_data, mut failed) = (false, false);
        while let Some(key) = self.scanner.next_key()? {
            // Compared and not matched: see `Reader::object` in chunk.rs.
            match key.raw {
                _ if key.raw == b"data" => {
                    if std::mem::replace(&mut has_data, true) {
                        return Err(Problem::Malformed("\"data\" stands twice"));
                    }
                    self.data()?;
                }
                _ if key.raw == b"model" && self.scanner.kind()? == Kind::String => {
                    let model = self.scanner.string()?;
                    self.found.model = Some(json::unescape(model.raw));
                }
                _ if key.raw == b"usage" => {
                    if let Ok(told) = json::parse(self.scanner.skip()?) {
                        self.found.usage = usage_of(&told);
                        self.found.beside = Beside::of(&told);
                    }
                }
                word => {
                    let value = self.scanner.skip()?;
                    failed |= fault::WORDS.contains(&word) && fault::says_so(word, value);
                }
            }
        }
        self.scanner.end()?;
        match has_data && !failed {
            true => Ok(()),
            false => Err(Problem::Unknown),
        }
    }

    fn data(&mut self) -> Result<(), Problem> {
        if self.scanner.kind()? != Kind::Array {
            return Err(Problem::Unknown);
        }
        self.scanner.begin_array()?;
        while self.scanner.next_element()? {
            if self.order.len() == self.inputs {
                return Err(Problem::Count(self.inputs.saturating_add(1)));
            }
            self.entry()?;
        }
        Ok(())
    }

    fn entry(&mut self) -> Result<(), Problem> {
        if self.scanner.kind()? != Kind::Object {
            return Err(Problem::Unknown);
        }
        let place = self.order.len();
        let mut index = place;
        let rows = self.found.values.len();
        self.scanner.begin_object()?;
        while let Some(key) = self.scanner.next_key()? {
            match key.raw {
                _ if key.raw == b"index" && self.scanner.kind()? == Kind::Number => {
                    let number = json::number(self.scanner.number()?);
                    if number < 0.0 || number.fract() != 0.0 {
                        return Err(Problem::Row(place, "has an index that is no whole number"));
                    }
                    index = number as usize;
                }
                _ if key.raw == b"embedding" => {
                    if self.found.values.len() > rows {
                        return Err(Problem::Row(place, "stands twice"));
                    }
                    self.embedding(place)?;
                }
                _ => drop(self.scanner.skip()?),
            }
        }
        if self.found.values.len() == rows {
            return Err(Problem::Row(place, "is missing"));
        }
        self.order.push(index);
        Ok(())
    }

    #[cfg_attr(optimize_attribute, optimize(speed))]
    fn embedding(&mut self, place: usize) -> Result<(), Problem> {
        match self.scanner.kind()? {
            Kind::Array => {
                let text = self.body.get(self.scanner.at()..).unwrap_or_default();
                let mut rows = Rows::new(text);
                rows.add(self.found, place, self.inputs)?;
                // After a value, the scanner needs no memory of what came before.
                self.body = rows.rest();
                self.scanner = Scanner::new(self.body);
                Ok(())
            }
            Kind::String => {
                let text = self.scanner.string()?;
                let length = base64::decode_floats(&text.decoded(), &mut self.found.values)
                    .map_err(|problem| Problem::Row(place, problem))?;
                self.found.check_length(length, place, self.inputs)
            }
            _ => Err(Problem::Row(
                place,
                "is neither a list of numbers nor base64",
            )),
        }
    }

    /// Sorts the rows by their indexes, of which there must be one for each input.
    fn sort(self) -> Result<(), Problem> {
        let List {
            inputs,
            order,
            found,
            ..
        } = self;
        if order.len() != inputs {
            return Err(Problem::Count(order.len()));
        }
        let mut pairs = order.iter().enumerate();
        if pairs.all(|(place, index)| place == *index) {
            return Ok(());
        }
        let mut places: Vec<Option<usize>> = vec![None; inputs];
        for (place, index) in order.iter().enumerate() {
            match places.get_mut(*index) {
                Some(free @ None) => *free = Some(place),
                Some(_) => return Err(Problem::Row(place, "has the index of another")),
                None => return Err(Problem::Row(place, "has an index beyond the inputs")),
            }
        }
        let mut sorted = Vec::with_capacity(found.values.len());
        for place in places.into_iter().flatten() {
            let start = place.saturating_mul(found.dimensions);
            let row = found
                .values
                .get(start..start.saturating_add(found.dimensions));
            sorted.extend_from_slice(row.unwrap_or_default());
        }
        found.values = sorted;
        Ok(())
    }
}

/// The tokens, if they are numbers: a missing total equals `prompt_tokens`, and the other way round.
pub fn usage_of(usage: &Value) -> Option<Usage> {
    let tokens = |name: &str| usage.get(name)?.as_f64();
    let (prompt, total) = (tokens("prompt_tokens"), tokens("total_tokens"));
    Some(Usage {
        prompt_tokens: prompt.or(total)?,
        total_tokens: total.or(prompt)?,
    })
}
