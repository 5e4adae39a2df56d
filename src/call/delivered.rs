//! How many tokens a stream has delivered, where no usage tells.

use crate::policy::token::Estimator;
use crate::wire::completion::{Completion, Counter};

impl Counter for Estimator {
    fn add(&mut self, text: &str) {
        self.add_text(text);
    }

    fn tokens(&self) -> u64 {
        Estimator::tokens(self)
    }
}

/// What a decoder that keeps no text counts it with.
pub fn counter() -> Box<dyn Counter> {
    Box::new(Estimator::default())
}

/// The estimate, whether the texts were kept or only counted.
pub fn tokens_of(completion: &Completion) -> u64 {
    completion.counted().unwrap_or_else(|| {
        let mut estimator = Estimator::default();
        completion.delivered(&mut |text| estimator.add_text(text));
        estimator.tokens()
    })
}
