//! How much a request reserves before it is sent.

/// Completion tokens reserved where the body names no `max_tokens`.
const USUAL_COMPLETION: f64 = 512.0;

/// The `max_tokens` that a budget adds to a body without any: what it holds is what the server may send.
pub const LONGEST_COMPLETION: &str = "4096";

/// The longest reasoning that a model is thought to keep to itself, and where the body names no maximum its longest answer.
const SILENT: f64 = 32_768.0;
const LONGEST: f64 = 131_072.0;

/// Bytes that one token has at most, on average over an answer.
const TOKEN_BYTES: f64 = 64.0;

/// What a request asks for, as far as it can be known beforehand.
///
/// ```
/// use hfetch::policy::reservation::Ask;
///
/// let ask = Ask {
///     prompt_tokens: 10,
///     max_tokens: Some(9_000.0),
///     choices: 1.0,
///     most_prompt: 100.0,
/// };
/// // A limiter holds a quarter of a minute's tokens at most, a budget the whole answer.
/// assert_eq!(ask.tokens(Some(1_000.0)), 260);
/// assert_eq!(ask.most_completion(), 9_000.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ask {
    /// The prompt's estimate.
    pub prompt_tokens: u64,
    /// `max_tokens` of the body; 0 for a request without completion.
    pub max_tokens: Option<f64>,
    /// Answers asked for.
    pub choices: f64,
    /// More tokens than this its prompt can't have, whatever its server counts.
    pub most_prompt: f64,
}

impl Ask {
    /// Tokens to reserve: the prompt and a usual answer, of which a request that allows itself the whole minute's tokens
    /// holds a quarter at most, else one such request would stop all others.
    pub fn tokens(&self, tokens_per_minute: Option<f64>) -> u64 {
        let wanted = self.max_tokens.unwrap_or(USUAL_COMPLETION) * self.choices;
        let most = tokens_per_minute
            .filter(|limit| *limit > 0.0)
            .map_or(f64::INFINITY, |limit| limit / 4.0);
        // `as` saturates.
        self.prompt_tokens
            .saturating_add(wanted.min(most).ceil() as u64)
    }

    /// The most completion tokens that a server may count where so many bytes of text came: a model may think in silence.
    pub fn most_told(&self, said: usize) -> f64 {
        (self.max_tokens.unwrap_or(LONGEST) + SILENT) * self.choices.max(1.0) + said as f64
    }

    /// The fewest that so many bytes can be.
    pub fn least_told(said: usize) -> f64 {
        (said as f64 / TOKEN_BYTES).floor()
    }

    /// Completion tokens the budget holds: the whole of what the server may send.
    pub fn most_completion(&self) -> f64 {
        self.max_tokens.unwrap_or(f64::INFINITY) * self.choices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_and_at_most_a_quarter_of_the_minute() {
        let table = [
            (Some(100.0), 1.0, None, 110),
            (None, 1.0, None, 522),
            (Some(100.0), 3.0, None, 310),
            (Some(9_000.0), 1.0, Some(1_000.0), 260),
            (Some(0.0), 1.0, Some(1_000.0), 10),
            (Some(1e300), 1.0, Some(0.0), u64::MAX),
        ];
        for (max_tokens, choices, limit, tokens) in table {
            let ask = Ask {
                prompt_tokens: 10,
                max_tokens,
                choices,
                most_prompt: 0.0,
            };
            assert_eq!(ask.tokens(limit), tokens, "{ask:?} {limit:?}");
        }
    }

    #[test]
    fn a_budget_holds_the_whole_answer() {
        let ask = Ask {
            prompt_tokens: 10,
            max_tokens: None,
            choices: 2.0,
            most_prompt: 0.0,
        };
        assert_eq!(ask.most_completion(), f64::INFINITY);
        assert_eq!(
            Ask {
                max_tokens: Some(7.0),
                ..ask
            }
            .most_completion(),
            14.0
        );
    }
}
