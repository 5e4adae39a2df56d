//! How many tokens a stream has delivered, for streams that report no usage.

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

/// The counter for a decoder that keeps no text.
pub fn counter() -> Box<dyn Counter> {
    Box::new(Estimator::default())
}

/// Bytes per token, for content that may not even be text.
const TOKEN_BYTES: usize = 4;

/// The estimate of a completion's tokens, whether its texts were kept or only counted. If nothing arrived under a known
/// name, the members under unknown names count: the model has written those.
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
