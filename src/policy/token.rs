//! How many tokens a text has, by length with weights per script.

/// What an image part counts, whatever its bytes.
pub const IMAGE_TOKENS: u64 = 1_000;

/// Tokens of a text; at least 1 where there is any.
pub fn estimate_text(text: &str) -> u64 {
    let mut estimator = Estimator::default();
    estimator.add_text(text);
    estimator.tokens()
}

/// Counts as text arrives, in whatever pieces.
#[derive(Clone, Debug, Default)]
pub struct Estimator {
    units: f64,
    images: u64,
}

impl Estimator {
    /// One more message: its role and separators.
    pub fn add_message(&mut self) {
        self.units += 4.0;
    }

    /// An image part.
    pub fn add_image(&mut self) {
        self.images = self.images.saturating_add(1);
    }

    /// More text.
    pub fn add_text(&mut self, text: &str) {
        for c in text.chars() {
            self.units += if c.is_ascii() { 0.25 } else { 0.7 };
        }
    }

    /// The estimate so far.
    pub fn tokens(&self) -> u64 {
        let images = self.images.saturating_mul(IMAGE_TOKENS);
        images.saturating_add(self.units.ceil() as u64)
    }
}
