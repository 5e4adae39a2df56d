//! State that outlives a trap: nothing unwinds then, and what was borrowed would stay so for ever.

use std::cell::Cell;
use std::fmt;

/// A value that is away while it is used; one that a trap kept is made anew. In a box: what moves is a pointer.
///
/// What uses it must not come back for it, so nothing of JavaScript's runs meanwhile.
///
/// ```
/// use hfetch::held::Held;
///
/// let held = Held::new(vec![1]);
/// held.get(|list| list.push(2));
/// assert_eq!(held.get(|list| list.len()), 2);
/// // What asks for the value while it is away finds a new one.
/// held.get(|_| assert!(held.get(|list| list.is_empty())));
/// ```
#[derive(Default)]
pub struct Held<T>(Cell<Option<Box<T>>>);

/// Without the value, which may hold secrets.
impl<T> fmt::Debug for Held<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

impl<T> Held<T> {
    /// With a value.
    pub fn new(value: T) -> Self {
        Held(Cell::new(Some(Box::new(value))))
    }

    /// Uses the value, or what `anew` makes in place of a lost one.
    pub fn with<R>(&self, anew: impl FnOnce() -> T, run: impl FnOnce(&mut T) -> R) -> R {
        let mut value = self.take(anew);
        let result = run(&mut value);
        // Nothing is there to be dropped, which would be code in every use.
        std::mem::forget(self.0.replace(Some(value)));
        result
    }

    #[inline(never)]
    fn take(&self, anew: impl FnOnce() -> T) -> Box<T> {
        self.0.take().unwrap_or_else(|| Box::new(anew()))
    }
}

impl<T: Default> Held<T> {
    /// Uses the value, or a default in place of a lost one.
    pub fn get<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
        self.with(T::default, run)
    }
}
