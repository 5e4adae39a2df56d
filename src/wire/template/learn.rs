//! How templates are learned: from two chunks of one shape, of which the older one is a template's example or was kept.

use std::ops::Range;

use super::example::Example;
use super::order::{self, Alike};
use super::{MAX_KNOWN, Template, Templates};
use crate::wire::chunk::Field;

/// How many unmatched chunks are kept to be compared with the next ones.
const MAX_RECENT: usize = 3;

impl Templates {
    /// Studies a chunk that matched no template: `payload` is its place in the event, and `fields` its parts.
    #[inline(never)]
    pub fn learn(&mut self, block: &[u8], payload: Range<usize>, fields: &[Field]) {
        if self.credit == 0 || block.len() > self.max_block || block.last() != Some(&b'\n') {
            return;
        }
        self.credit -= 1;
        let mut example = Example::new(block, payload, fields);
        if self.learn_from(&mut example, order::in_order, false)
            || self.learn_from(&mut example, order::moved, true)
        {
            return;
        }
        if self.recent.len() == MAX_RECENT {
            self.recent.remove(0);
        }
        self.recent.push(example);
    }

    /// Makes a template of a chunk that is `alike` to an earlier one. If it `moves`, the members of its events may come in any order.
    fn learn_from(&mut self, example: &mut Example, alike: Alike, moves: bool) -> bool {
        let credit = &mut self.credit;
        for (index, template) in self.known.iter_mut().enumerate() {
            if let Some(mut found) = alike(example, &mut template.example, credit) {
                if moves || !template.members.is_empty() {
                    found.find_movable();
                }
                *template = found;
                self.last = index;
                return true;
            }
        }
        for at in 0..self.recent.len() {
            let other = self.recent.get_mut(at);
            if let Some(mut found) = other.and_then(|other| alike(example, other, credit)) {
                if moves {
                    found.find_movable();
                }
                self.recent.remove(at);
                self.add(found);
                return true;
            }
        }
        false
    }

    fn add(&mut self, template: Template) {
        if self.known.len() < MAX_KNOWN {
            self.last = self.known.len();
            self.known.push(template);
        } else {
            // A template that isn't in use is replaced.
            self.last = if self.last == 0 { 1 } else { 0 };
            if let Some(place) = self.known.get_mut(self.last) {
                *place = template;
            }
        }
    }
}
