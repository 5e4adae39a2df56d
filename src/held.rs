//! State that survives a trap. A trap doesn't unwind the stack, so a `RefCell` that was borrowed would stay borrowed for ever.

use std::cell::Cell;
use std::fmt;

/// A value that is taken out while it is used. If a trap keeps it from being put back, the next use gets a new value. The value is
/// in a box, so that only a pointer moves.
///
/// A use must not use the same value again inside, so no JavaScript code runs meanwhile.
///
/// ```
/// use hfetch::held::Held;
///
/// let held = Held::new(vec![1]);
/// held.get(|list| list.push(2));
/// assert_eq!(held.get(|list| list.len()), 2);
/// // A use inside of another one finds a new value.
/// held.get(|_| assert!(held.get(|list| list.is_empty())));
/// ```
#[derive(Default)]
pub struct Held<T>(Cell<Option<Box<T>>>);

/// Shows no value, since it may hold secrets.
impl<T> fmt::Debug for Held<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

impl<T> Held<T> {
    /// Holds a value.
    pub fn new(value: T) -> Self {
        Held(Cell::new(Some(Box::new(value))))
    }

    /// Passes the value to `run`; `anew` makes a new one if it was lost.
    pub fn with<R>(&self, anew: impl FnOnce() -> T, run: impl FnOnce(&mut T) -> R) -> R {
        let mut value = self.take(anew);
        let result = run(&mut value);
        // The cell is empty here, so there is nothing to drop; without this line every use would contain code for dropping.
        std::mem::forget(self.0.replace(Some(value)));
        result
    }

    #[inline(never)]
    fn take(&self, anew: impl FnOnce() -> T) -> Box<T> {
        self.0.take().unwrap_or_else(|| Box::new(anew()))
    }
}

impl<T: Default> Held<T> {
    /// Passes the value to `run`, or a default if it was lost.
    pub fn get<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
        self.with(T::default, run)
    }
}
