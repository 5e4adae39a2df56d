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

/// Bytes of one token, where it is not even known whether they are text.
const TOKEN_BYTES: usize = 4;

/// The estimate, whether the texts were kept or only counted. Where nothing came under a name that is known, a model has written what
/// came under others.
pub fn tokens_of(completion: &Completion) -> u64 {
    let tokens = completion.counted().unwrap_or_else(|| {
        let mut estimator = Estimator::default();
        completion.delivered(&mut |text| estimator.add_text(text));
        estimator.tokens()
    });
    match tokens {
        0 => completion.unnamed().div_ceil(TOKEN_BYTES) as u64,
        tokens => tokens,
    }
}
