//! The token counts that a server reported for an answer, and whether they can be right.

use crate::policy::reservation::Ask;

/// The token counts that a server reported for an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// `prompt_tokens` of the answer's usage
    pub prompt: Option<f64>,
    /// `completion_tokens`
    pub completion: Option<f64>,
    /// `total_tokens`
    pub total: Option<f64>,
    /// How many bytes of text arrived.
    pub said: usize,
}

impl Told {
    /// The counts of the prompt and the completion; a missing one is computed from the total.
    pub(super) fn counts(&self) -> (Option<f64>, Option<f64>) {
        let rest = |one: Option<f64>| Some(self.total? - one?);
        (
            self.prompt.or_else(|| rest(self.completion)),
            self.completion.or_else(|| rest(self.prompt)),
        )
    }

    /// The name of a count that can't be right: it is no number, below 0, larger than the request and its answer allow, or
    /// too small for the text that arrived.
    pub(super) fn doubt(&self, ask: &Ask) -> Option<&'static str> {
        let (prompt, completion) = self.counts();
        let (most_prompt, most) = (ask.most_prompt, ask.most_told(self.said));
        let least = Ask::least_told(self.said);
        let wrong = |count: Option<f64>, least: f64, most: f64| {
            count.is_some_and(|count| !(least..=most).contains(&count))
        };
        if wrong(self.total, 0.0, most_prompt + most) {
            Some("total_tokens")
        } else if wrong(prompt, 0.0, most_prompt) {
            Some("prompt_tokens")
        } else {
            wrong(completion, least, most).then_some("completion_tokens")
        }
    }
}
