//! Reads nested arrays of numbers in one pass.

use super::{Embeddings, Problem};
use crate::wire::float;

/// A reader, with the rest of the text.
#[derive(Debug)]
pub struct Rows<'a> {
    rest: &'a [u8],
}

impl<'a> Rows<'a> {
    /// A reader at the beginning of an array.
    pub fn new(rest: &'a [u8]) -> Self {
        Rows { rest }
    }

    /// The rest of the text.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads a whole body: one row, a list of rows, or a list of token rows.
    pub fn whole(body: &'a [u8], inputs: usize, found: &mut Embeddings) -> Result<(), Problem> {
        let mut rows = Rows::new(body);
        match rows.depth() {
            1 => found.dimensions = rows.row(&mut found.values, 0)?,
            2 => rows.list(inputs, &mut |rows, index| rows.add(found, index, inputs))?,
            3 => rows.list(inputs, &mut |rows, index| {
                rows.add_mean(found, index, inputs)
            })?,
            _ => return Err(Problem::Unknown),
        }
        rows.space();
        match rows.rest {
            [] => Ok(()),
            _ => Err(Problem::Malformed("more than one value")),
        }
    }

    /// How many brackets open before anything else; `[]` has depth 1.
    fn depth(&self) -> usize {
        let brackets = self.rest.iter().filter(|byte| !byte.is_ascii_whitespace());
        brackets.take_while(|byte| **byte == b'[').take(4).count()
    }

    fn space(&mut self) {
        while let Some((b' ' | b'\n' | b'\r' | b'\t', rest)) = self.rest.split_first() {
            self.rest = rest;
        }
    }

    fn open(&mut self) -> Result<(), Problem> {
        self.space();
        match self.rest.split_first() {
            Some((b'[', rest)) => self.rest = rest,
            _ => return Err(Problem::Malformed("a list was expected")),
        }
        self.space();
        Ok(())
    }

    /// Whether another element follows; consumes the comma or the closing bracket.
    fn more(&mut self) -> Result<bool, Problem> {
        self.space();
        let (more, rest) = match self.rest.split_first() {
            Some((b',', rest)) => (true, rest),
            Some((b']', rest)) => (false, rest),
            Some(_) => return Err(Problem::Malformed("a comma or the end was expected")),
            None => return Err(Problem::Malformed("unexpected end")),
        };
        self.rest = rest;
        self.space();
        Ok(more)
    }

    /// Reads a list of at most so many elements with `element`.
    fn list(
        &mut self,
        most: usize,
        element: &mut dyn FnMut(&mut Self, usize) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.open()?;
        let mut index: usize = 0;
        loop {
            element(self, index)?;
            index = index.saturating_add(1);
            if !self.more()? {
                return Ok(());
            }
            if index == most {
                return Err(Problem::Count(index.saturating_add(1)));
            }
        }
    }

    /// Appends one row of numbers to `values`; returns its length.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    pub fn row(&mut self, values: &mut Vec<f32>, index: usize) -> Result<usize, Problem> {
        let first = values.len();
        self.open()?;
        let text = self.rest;
        // How many times to look for plain numbers where there may be none.
        let mut patience: usize = 8;
        loop {
            if patience > 0 {
                let before = values.len();
                let at = text.len().saturating_sub(self.rest.len());
                let at = float::plain_numbers(text, at, values);
                self.rest = text.get(at..).unwrap_or_default();
                self.space();
                patience = (patience + values.len() - before).saturating_sub(1);
            }
            let Some((value, rest)) = float::number(self.rest) else {
                return Err(Problem::Row(index, self.no_number()));
            };
            if !value.is_finite() {
                let problem = "holds a number beyond the range of 32-bit floats";
                return Err(Problem::Row(index, problem));
            }
            values.push(value);
            match rest {
                // Nearly always a comma alone is between two numbers.
                [b',', rest @ ..] if rest.first() > Some(&b' ') => self.rest = rest,
                _ => {
                    self.rest = rest;
                    if !self.more()? {
                        return Ok(values.len().saturating_sub(first));
                    }
                }
            }
        }
    }

    fn no_number(&self) -> &'static str {
        match self.rest {
            [b']', ..] => "is empty",
            [b'N', ..] | [b'n', ..] => "holds NaN or null: the model failed on this input",
            [b'I', ..] | [b'-', b'I', ..] => "holds Infinity: the model failed on this input",
            [] => "ends in the middle",
            _ => "holds something that is no number",
        }
    }

    /// Adds one row, which must be as long as the others.
    pub fn add(
        &mut self,
        found: &mut Embeddings,
        index: usize,
        inputs: usize,
    ) -> Result<(), Problem> {
        let length = self.row(&mut found.values, index)?;
        found.check_length(length, index, inputs)
    }

    /// Adds the mean of an input's token rows.
    fn add_mean(
        &mut self,
        found: &mut Embeddings,
        index: usize,
        inputs: usize,
    ) -> Result<(), Problem> {
        let mut sums: Vec<f64> = Vec::new();
        let mut token: Vec<f32> = Vec::new();
        let mut tokens: f64 = 0.0;
        self.list(usize::MAX, &mut |rows, _| {
            token.clear();
            let length = rows.row(&mut token, index)?;
            if tokens == 0.0 {
                sums.resize(length, 0.0);
            } else if length != sums.len() {
                return Err(Problem::Row(index, "has token rows of different lengths"));
            }
            for (sum, value) in sums.iter_mut().zip(&token) {
                *sum += f64::from(*value);
            }
            tokens += 1.0;
            Ok(())
        })?;
        found
            .values
            .extend(sums.iter().map(|sum| (sum / tokens) as f32));
        found.check_length(sums.len(), index, inputs)
    }
}

impl Embeddings {
    /// Checks a row's length against the others'. The first row decides how much room is reserved for all.
    pub(super) fn check_length(
        &mut self,
        length: usize,
        index: usize,
        inputs: usize,
    ) -> Result<(), Problem> {
        if self.dimensions == 0 {
            self.dimensions = length;
            let left = inputs.saturating_sub(1).saturating_mul(length);
            // A first row that is too long must not take all memory.
            self.values.reserve_exact(left.min(1 << 24));
        }
        if length == self.dimensions {
            Ok(())
        } else {
            Err(Problem::Row(index, "has another length than the others"))
        }
    }
}
